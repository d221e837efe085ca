#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a server that was a primary, or followed another one, a standby of the new primary: by pg_rewind,
# which fetches only what differs, else by a new base backup (--replace). See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

primary='' primary_port=5432 replace=false
called_from=$PWD
handed_on=()           # options of setup_standby.sh, which does the rest
password=''
new_timeline=''        # of the primary
kept=''                # what only this server has goes there
rewind_config=()       # where pg_rewind finds the configuration, if not in the data directory

usage() {
  cat <<END
Usage: $program PRIMARY [OPTION]...
Brings the server on this host back as a standby of PRIMARY, a host name or address, which has been
promoted meanwhile.

  --primary-port N        port of PRIMARY (default: 5432)
  --name NAME, --slot NAME, --no-slot, --archive-dir DIR
                          as setup_standby.sh has them
  --replace               a new base backup instead; the data directory is moved to
                          DIR.backup-TIMESTAMP
END
  common_usage
}

own_option() {
  case $1 in
    --no-slot) taken=1 ;;
    --replace) replace=true taken=1 ;;
    --primary-port | --name | --slot | --archive-dir)
      (($# > 1)) || usage_error "$1: its value is missing" ;;&
    --primary-port) primary_port=$(port_number "$2") ;;
    --name | --slot | --archive-dir) ;;
    -*) take_option "$@" ;;
    *) [[ -z $primary ]] || usage_error "'$1': one PRIMARY is enough"
      primary=$(host "$1") taken=1 ;;
  esac
}

check_options() {
  [[ -n $primary ]] || usage_error 'PRIMARY is missing: the server to follow'
}

# ---- The new primary ----------------------------------------------------------------------------

conninfo() {
  printf "host=%s port=%s user=%s dbname=postgres passfile='%s'" \
    "$primary" "$primary_port" "$replication_user" "$passfile"
}

ask_primary() { as_server "$psql" -XAtqw -v ON_ERROR_STOP=1 -d "$(conninfo)" -c "$1" 2>&1; }

# Its password: given, else the one this server has from when it was a standby, else asked for.
read_primary_password() {
  passfile=$data_dir.pgpass
  if [[ -n $replication_password_file ]] || ! [[ -e $passfile ]]; then
    read_password password "$replication_password_file" "$replication_user on $primary"
    lend_passfile "$replication_user" "$password"
  fi
}

meet_primary() {
  local answer
  answer=$(ask_primary "SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system())") ||
    die "cannot ask $primary:$primary_port:
$(indent "$answer")" "see that it is up and lets $replication_user into database postgres, which \
setup_primary.sh and setup_standby.sh see to with --allow"
  [[ $answer == f\|* ]] || die "$primary:$primary_port is a standby itself" \
    'name the new primary; promote_standby.sh makes one'
  [[ ${answer#*|} == "$(own_system_id)" ]] ||
    die "$primary:$primary_port is of another system than $data_dir" \
      "to throw the data here away and follow it: setup_standby.sh $primary --replace"
  new_timeline=$(ask_primary \
    "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int")
}

# Before PostgreSQL 16 pg_rewind reads the source's timeline in its control file, where it stands only
# after a checkpoint: it would say "no rewind required", and the server would join diverged.
ensure_checkpoint() {
  local answer
  [[ $(ask_primary 'SELECT timeline_id FROM pg_control_checkpoint()') != "$new_timeline" ]] || return 0
  if $dry_run; then
    act "ask $primary for a checkpoint"
    return
  fi
  answer=$(ask_primary CHECKPOINT) || die "$primary has had no checkpoint since its promotion, and \
$replication_user may not ask for one:
$(indent "$answer")" "there, as the superuser: psql -c CHECKPOINT; then run this again"
  say "  $primary has had a checkpoint on timeline $new_timeline"
}

# ---- The server here ----------------------------------------------------------------------------

# pg_rewind wants a server that was stopped cleanly, and can tell by its log where it left the others.
stop_server() {
  if ! is_running; then return; fi
  if [[ $(query 'SELECT pg_is_in_recovery()') == f ]]; then
    confirm "The server on port $port still takes writes, and will be stopped: what only it has is lost"
  fi
  act "stop the server on port $port" control stop
}

# From PostgreSQL 13 on pg_rewind does this by itself, and from 15 on also with the configuration in
# another place than the data.
recover_if_crashed() {
  ((version < 13)) || [[ $layout == debian ]] && ((version < 15)) || return 0
  [[ $(control_data 'Database cluster state') != 'shut down'* ]] || return 0
  act 'let it recover from its crash' recover
}

recover() {
  as_server "$bin_dir/postgres" --single -D "$data_dir" -c config_file="$conf_dir/postgresql.conf" \
    postgres </dev/null >/dev/null 2>&1 || die "$data_dir does not recover from its crash" \
    'take a new base backup: --replace'
}

control_data() {
  as_server "$(tool pg_controldata)" "$data_dir" | sed -n "s/^$1: *//p"
}

# pg_rewind overwrites in place: this is what could not be had again. The WAL tells what was lost
# (pg_waldump); the configuration is this server's, and comes back.
keep_what_is_ours() {
  kept=$data_dir.rewound-$stamp
  act "keep this server's WAL and configuration in $kept" copy_what_is_ours
}

copy_what_is_ours() {
  install_directory "$kept" 0700
  # shellcheck disable=SC2016  # $1 and $2 are the inner shell's
  as_server sh -c 'cp -a "$1/pg_wal" "$2/" && for file in postgresql.conf postgresql.auto.conf \
    pg_hba.conf pg_ident.conf conf.d; do [ ! -e "$1/$file" ] || cp -a "$1/$file" "$2/" || exit; done' \
    sh "$data_dir" "$kept" || die "cannot copy to $kept" 'see how much room there is'
}

rewind() {
  local output
  output=$(as_server "$(tool pg_rewind)" -D "$data_dir" --source-server="$(conninfo)" \
    "${rewind_config[@]}" 2>&1) || die "pg_rewind failed:
$(indent "$output")" "the data directory may be half rewound: take a new base backup, --replace"
  say "    ${output##*$'\n'}"
  # shellcheck disable=SC2016
  as_server sh -c 'cd "$2" && for file in *; do [ "$file" = pg_wal ] || { rm -rf "$1/$file" && cp -a \
    "$file" "$1/"; } || exit; done; rm -f "$1/recovery.signal"; touch "$1/standby.signal"' \
    sh "$data_dir" "$kept"
}

can_rewind() {
  [[ $(control_data 'Data page checksum version') != 0 ||
    $(control_data 'wal_log_hints setting') == on ]]
}

rejoin() {
  can_rewind || die "$data_dir has neither checksums nor wal_log_hints: pg_rewind can't work on it" \
    'take a new base backup: --replace'
  if [[ $layout == debian ]] && ((version >= 15)); then
    rewind_config=(--config-file="$conf_dir/postgresql.conf")
  fi
  ensure_checkpoint
  stop_server
  recover_if_crashed
  keep_what_is_ours
  act "rewind $data_dir to where $primary:$primary_port left it" rewind
}

# ---- The end ------------------------------------------------------------------------------------

# Streaming is what setup_standby.sh has seen to; here, that it is on the new timeline.
verify() {
  local timeline='' tries
  find_door
  for ((tries = 0; tries < 50; tries++)); do
    timeline=$(query 'SELECT received_tli FROM pg_stat_wal_receiver')
    [[ $timeline != "$new_timeline" ]] || break
    sleep 0.2
  done
  [[ $timeline == "$new_timeline" ]] ||
    die "it receives timeline ${timeline:-none}, and $primary is on $new_timeline" "see $log_file"
  say "  on timeline $timeline, as $primary"
  [[ -z $kept ]] || say "What only this server had is in $kept (pg_waldump reads its WAL): remove it when nobody needs it."
}

# From when it was the primary: they would keep WAL here for ever, for standbys that follow PRIMARY now,
# and for PRIMARY itself.
drop_slots_of_before() {
  local slot theirs
  theirs=$(ask_primary "SELECT slot_name FROM pg_replication_slots WHERE active
                        UNION SELECT current_setting('primary_slot_name')")
  for slot in $(query "SELECT slot_name FROM pg_replication_slots
                       WHERE slot_type = 'physical' AND NOT active"); do
    grep -qFx "$slot" <<<"$theirs" || continue
    act "drop slot $slot, whose standby has left" drop_slot "$slot"
  done
}

drop_slot() { query "SELECT pg_drop_replication_slot('$1')" >/dev/null; }

main() {
  handed_on=("$@")
  read_options "$@"
  check_options
  find_cluster
  has_data || die "there is no server in $data_dir" "for a new standby: setup_standby.sh $primary"
  read_primary_password
  meet_primary
  say "$data_dir, PostgreSQL $version, returns as a standby of $primary:$primary_port, timeline $new_timeline"
  if ! $replace; then rejoin; fi
  if $dry_run; then
    say "Dry run: then setup_standby.sh, nothing touched."
    return
  fi
  # From where it was called: what it is told may be relative to there.
  (cd "$called_from" && "$kit/scripts/setup_standby.sh" "${handed_on[@]}") || exit 1
  verify
  drop_slots_of_before
}

main "$@"
