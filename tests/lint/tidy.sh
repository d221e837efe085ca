#!/usr/bin/env bash
# clang-tidy over all C++ files of build/dev, or over those that changed since a commit, themselves
# or in a header that they include.
# Usage: tests/lint/tidy.sh [--changed COMMIT]
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build/dev
[ -f $build/compile_commands.json ] || {
  echo "tidy: configure first: cmake --preset dev" >&2
  exit 1
}

if [ "${1:-}" = --changed ]; then
  files=$(git diff --name-only --diff-filter=d "$2" -- '*.cc')
  for header in $(git diff --name-only "$2" -- '*.h' '*.def'); do
    files+=$'\n'$(git grep -lF "#include \"$header\"" -- '*.cc' || true)
  done
else
  files=$(git ls-files 'exporter/*.cc' 'collectors/*.cc' 'tests/*.cc')
fi
# Only what is compiled: fuzz targets and benchmarks may be off.
compiled=$(python3 -c 'import json, os, sys
for entry in json.load(open(sys.argv[1])): print(os.path.relpath(entry["file"]))' \
  $build/compile_commands.json)
files=$(comm -12 <(sort -u <<<"$files") <(sort -u <<<"$compiled"))
[ -n "$files" ] || {
  echo "tidy: no file to check"
  exit 0
}
xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p $build <<<"$files"
echo "tidy: no finding in $(wc -l <<<"$files") files"
