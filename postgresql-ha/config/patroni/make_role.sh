#!/bin/bash
# The exporter's role, once, on the first primary. Patroni gives the way to the server as $1.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

psql --no-psqlrc --set=ON_ERROR_STOP=1 --dbname="$1" --file=/etc/patroni/monitoring_role.sql \
  --variable=password="$(</run/secrets/monitor)" --file=- <<<"ALTER ROLE pgrepl_monitor PASSWORD :'password'"
