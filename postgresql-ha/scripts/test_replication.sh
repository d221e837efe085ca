#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes on the primary of this host and waits until its standbys have replayed it. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

patience=30

usage() {
  cat <<END
Usage: $program [OPTION]...
Writes a row on the primary of this host, in a table of its own that is dropped again, and waits until
every standby that is connected has replayed it.

  --patience SECONDS      how long to wait (default: 30)
END
  common_usage
}

own_option() {
  case $1 in
    --patience)
      [[ ${2:-} =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "--patience '${2:-}': not a number of seconds"
      patience=$2 ;;
    *) take_option "$@" ;;
  esac
}

meet_primary() {
  is_running || die "no server runs in $data_dir" "start it, or see $log_file"
  [[ $(query 'SELECT pg_is_in_recovery()') == f ]] ||
    die "$data_dir is a standby" 'run this on the primary'
  [[ $(query 'SELECT count(*) FROM pg_stat_replication') != 0 ]] ||
    die 'no standby is connected' 'set one up (setup_standby.sh), or see why its receiver is gone there'
}

# Where the WAL ends with the row in it. No commit waits for a standby: that is what is tested.
write() {
  query "SET synchronous_commit = local;
    SET client_min_messages = warning;
    DROP TABLE IF EXISTS pgrepl_replication_test;
    CREATE TABLE pgrepl_replication_test (id serial, data text, created timestamptz DEFAULT now());
    INSERT INTO pgrepl_replication_test (data) VALUES ('test data');
    SELECT pg_current_wal_insert_lsn();
    DROP TABLE pgrepl_replication_test"
}

behind() {
  query "SELECT coalesce(string_agg(application_name, ', '), '') FROM pg_stat_replication
         WHERE replay_lsn IS NULL OR replay_lsn < '$1'"
}

main() {
  local written late tries
  read_options "$@"
  find_cluster
  meet_primary
  if $dry_run; then
    say "  would write a row and wait for $(query "SELECT string_agg(application_name, ', ')
      FROM pg_stat_replication")"
    return
  fi
  written=$(write)
  for ((tries = 0; tries < patience * 10; tries++)); do
    late=$(behind "$written")
    [[ -n $late ]] || break
    sleep 0.1
  done
  [[ -z $late ]] || die "after $patience s not replayed by: $late" \
    'pg_replication_exporter explain STANDBY says why; see also monitor_replication.sh'
  say "Replayed everywhere: $(query "SELECT string_agg(format('%s (%s)', application_name, sync_state),
    ', ' ORDER BY application_name) FROM pg_stat_replication")"
}

main "$@"
