#!/usr/bin/env bash
# All tracked C++ files are as clang-format wants them, all tracked shell files as shellcheck does.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/../.."

git ls-files '*.cc' '*.h' | xargs -r clang-format --dry-run -Werror
git ls-files '*.sh' .ci/run tests/lab/reader | xargs -r shellcheck -x
echo "format: nothing to mend"
