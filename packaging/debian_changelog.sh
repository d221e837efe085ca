#!/usr/bin/env bash
# Debian's changelog, of the version alone: what changed is in CHANGELOG.md.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/debian_changelog.sh VERSION FILE.gz
set -euo pipefail

when=$(date --utc --rfc-email --date="@${SOURCE_DATE_EPOCH:-$(date +%s)}")
gzip --best --no-name >"$2" <<CHANGELOG
pg-replication-exporter ($1-1) unstable; urgency=medium

  * Version $1.

 -- The pg_replication_exporter Authors <maintainers@pg-replication-exporter.invalid>  $when
CHANGELOG
