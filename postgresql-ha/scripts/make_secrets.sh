#!/usr/bin/env bash
# Passwords for docker-compose.yml, into secrets/; those that are there stay.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

case ${1:-} in
  '') ;;
  --help) echo 'Usage: scripts/make_secrets.sh    makes passwords in secrets/, once'; exit ;;
  *) echo "make_secrets: unknown argument '$1'; see --help" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p secrets
# Containers read them as users of their own: the folder keeps others of this machine out.
chmod 700 secrets
for name in superuser replication monitor grafana; do
  [[ -e secrets/$name ]] || openssl rand -hex 24 >"secrets/$name"
  chmod 644 "secrets/$name"
done
echo "make_secrets: passwords of superuser, replication, monitor and grafana are in $PWD/secrets"
