#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How replication is on this host: by the exporter's own sub-commands where it is installed, else by
# the server's views. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

exporter='' watch=false interval=5

usage() {
  cat <<END
Usage: $program [OPTION]...
Shows who follows whom, and how far behind.

  --watch                 again and again, until Ctrl-C
  --interval SECONDS      between two looks (default: 5)
  --exporter URL          the exporter to ask (default: http://127.0.0.1:9717, if it answers); where
                          none does, the server on this host is asked
END
  common_usage
}

own_option() {
  case $1 in
    --watch) watch=true taken=1 ;;
    --interval | --exporter) (($# > 1)) || usage_error "$1: its value is missing" ;;&
    --interval)
      [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "--interval '$2': not a number of seconds"
      interval=$2 ;;
    --exporter) exporter=${2%/} ;;
    *) take_option "$@" ;;
  esac
}

# ---- By the exporter ----------------------------------------------------------------------------

# Its program is here, and one answers where we would ask.
has_exporter() {
  command -v pg_replication_exporter >/dev/null || return 1
  pg_replication_exporter healthcheck --exporter="$url" >/dev/null 2>&1
}

by_exporter() {
  if $watch; then
    exec pg_replication_exporter watch --exporter="$url" --interval="${interval}s"
  fi
  exec pg_replication_exporter topology --exporter="$url"
}

# ---- By the server ------------------------------------------------------------------------------

by_server() {
  find_cluster
  is_running || die "no server runs in $data_dir" "start it, or see $log_file"
  while true; do
    say "$(date +%T)  $data_dir, port $port"
    look
    $watch || return 0
    sleep "$interval"
  done
}

# A lag in seconds that the server itself can tell is of its last replayed transaction: on an idle
# primary it grows for no reason, so it counts only while WAL waits to be replayed.
look() {
  as_server "$psql" -Xqw -v ON_ERROR_STOP=1 -P footer=off -P null=- -h "$socket_dir" -p "$port" \
    -d postgres <<'SQL'
SELECT pg_is_in_recovery() AS is_standby \gset
\if :is_standby
SELECT status, sender_host || ':' || sender_port AS follows, slot_name,
       pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
       pg_size_pretty(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())) AS waits,
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN '0'
            ELSE round(extract(epoch FROM now() - pg_last_xact_replay_timestamp()))::text
       END AS at_most_seconds,
       pg_is_wal_replay_paused() AS paused
FROM (SELECT) AS one LEFT JOIN pg_stat_wal_receiver ON true;
\else
SELECT application_name AS standby, state, sync_state, replay_lsn AS replayed,
       pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) AS behind,
       coalesce(round(extract(epoch FROM replay_lag)::numeric, 1), 0) AS seconds
FROM pg_stat_replication ORDER BY 1;
SELECT slot_name AS slot, active,
       pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) AS keeps_back
FROM pg_replication_slots ORDER BY 1;
\endif
SQL
}

main() {
  read_options "$@"
  url=${exporter:-http://127.0.0.1:9717}
  if [[ -z $data_dir$cluster || -n $exporter ]] && has_exporter; then by_exporter; fi
  [[ -z $exporter ]] || die "no exporter answers at $exporter, or its program isn't here" \
    'install pg_replication_exporter, or leave --exporter out'
  by_server
}

main "$@"
