#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a PostgreSQL server one that others can replicate from: settings, archive, pg_hba.conf, the
# replication role, the monitoring role, slots. Creates the server where there is none. Run again,
# it changes what differs and nothing else. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

standbys='' archive_dir='' archive=true monitor_password_file='' slots=()
replication_password='' monitor_password=''

usage() {
  cat <<END
Usage: $program [OPTION]...
Sets up a PostgreSQL primary for streaming replication, or brings one up to date.

  --standbys N            how many standbys it shall serve; sizes senders and slots (default: 2)
  --archive-dir DIR       where WAL segments are archived (default: /var/lib/postgresql/wal_archive,
                          with --data-dir: wal_archive beside it; an archive_command that is
                          configured elsewhere stays in charge unless this is given)
  --no-archive            no archiving
  --slot NAME             a physical replication slot to create; repeatable
  --monitor-password-file FILE       its first line; without it you are asked
END
  common_usage
}

own_option() {
  case $1 in
    --no-archive) archive=false taken=1 ;;
    --standbys | --archive-dir | --slot | --monitor-password-file)
      (($# > 1)) || usage_error "$1: its value is missing" ;;&
    --standbys) standbys=$2 ;;
    --archive-dir) archive_dir=$(archive_path "$2") ;;
    --slot) slots+=(''); slots[-1]=$(identifier "$2") ;;
    --monitor-password-file) monitor_password_file=$(readlink -m -- "$2") ;;
    *) take_option "$@" ;;
  esac
}

check_options() {
  [[ ${standbys:-2} =~ ^[0-9]{1,3}$ ]] || usage_error "--standbys '$standbys': not a number"
}

refuse_standby() {
  if [[ -e $data_dir/standby.signal ]]; then
    die "$data_dir is a standby, and gets its roles from its primary" \
      'promote it first (promote_standby.sh), then run this again'
  fi
}

# Passwords are read before anything is changed; not at all where a role keeps the one it has.
read_passwords() {
  if [[ -n $replication_password_file ]] || must_create "$replication_user"; then
    read_password replication_password "$replication_password_file" "role $replication_user"
  fi
  if [[ -n $monitor_password_file ]] || must_create "$monitor_user"; then
    read_password monitor_password "$monitor_password_file" "role $monitor_user"
  fi
}

must_create() {
  ! $dry_run || return 1
  ! has_data || { is_running && [[ -z $(role_state "$1" true) ]]; }
}

# ---- The server -----------------------------------------------------------------------------

create_cluster() {
  if has_data; then return; fi
  [[ $layout == plain ]] || die "cluster $cluster has no data in $data_dir" \
    "create it: pg_dropcluster ${cluster/\// } && pg_createcluster ${cluster/\// }"
  [[ -z $(ls -A "$data_dir" 2>/dev/null) ]] ||
    die "$data_dir is neither empty nor a data directory" 'choose another with --data-dir'
  fresh=true
  make_home
  act "initialise $data_dir with data checksums" init_data
}

init_data() {
  local output
  output=$(as_server "$bin_dir/initdb" -D "$data_dir" --data-checksums --encoding=UTF8 --no-locale \
    --auth-local=peer --auth-host=scram-sha-256 2>&1 </dev/null) ||
    die "initdb of $data_dir failed:
$(indent "$output")" "$os_user must be able to reach and write this directory"
}

# ---- Its configuration ----------------------------------------------------------------------

choose_settings() {
  local senders
  load_settings primary
  pin_door
  choose_archive
  if [[ $(setting wal_level) == logical ]]; then set_value wal_level logical; fi
  if [[ -n $standbys || ! -v settings[max_wal_senders] ]]; then
    senders=$((2 * ${standbys:-2} + 4))
    set_at_least max_wal_senders "$((senders > 10 ? senders : 10))"
    set_at_least max_replication_slots "$((senders > 10 ? senders : 10))"
  fi
  listen_for_allowed
  compose_settings primary
}

configure() {
  if [[ -n $archive_dir ]]; then make_directory "$archive_dir" 0750; fi
  install_settings primary
  admit_roles
}

choose_archive() {
  local theirs
  if ! $archive || [[ -z $archive_dir && ${settings[archive_mode]:-} == off ]]; then
    set_value archive_mode off
    left_out[archive_command]='switched off by --no-archive'
    return
  fi
  theirs=$(setting archive_command || true)$( ((version < 15)) || setting archive_library || true)
  if [[ -z $archive_dir && -n $theirs && ! -v settings[archive_command] ]]; then
    left_out[archive_mode]='as configured elsewhere'
    left_out[archive_command]='as configured elsewhere'
    say "  archiving stays as configured elsewhere: $theirs"
    return
  fi
  if [[ -z $archive_dir && -v settings[archive_command] ]]; then return; fi
  if [[ -z $archive_dir ]]; then
    archive_dir=/var/lib/postgresql/wal_archive
    [[ $layout == debian ]] || archive_dir=$(archive_path "$(dirname "$data_dir")/wal_archive")
  fi
  set_value archive_mode on
  settings[archive_command]=$(shipped_archive_command)
}

shipped_archive_command() {
  sed -n "s|^archive_command = \(.*\)d=\"[^\"]*\"|\1d=\"$archive_dir\"|p" \
    "$kit/config/postgresql/primary.conf"
}

# ---- Roles and slots ------------------------------------------------------------------------

readonly rewind_functions=('pg_ls_dir(text, boolean, boolean)' 'pg_stat_file(text, boolean)'
  'pg_read_binary_file(text)' 'pg_read_binary_file(text, bigint, bigint, boolean)')

# ensure_role NAME RIGHTS HAS_RIGHTS PASSWORD: RIGHTS is SQL that gives them, HAS_RIGHTS an
# expression over pg_authid that says whether they are there.
ensure_role() {
  local name=$1 rights=$2 password=$4 state
  if ! is_running; then
    act "create role $name"
    return
  fi
  state=$(role_state "$name" "$3")
  if [[ -z $state ]]; then
    if [[ -z $password ]] && ! $dry_run; then read_password password '' "role $name"; fi
    act "create role $name" give_role "$name" "CREATE ROLE $name; $rights" "$password"
  elif [[ -n $password ]] && ! logs_in "$name" "$password"; then
    act "set rights and password of role $name" give_role "$name" "$rights" "$password"
  elif [[ $state == f,* ]]; then
    act "set rights of role $name" give_role "$name" "$rights" ''
  fi
  [[ $state != *,f || -n $password ]] || warn "the password of $name is not stored as \
scram-sha-256, so it cannot log in: run this again with its password file"
}

role_state() {
  query "SELECT concat_ws(',', $2, coalesce(rolpassword, '') LIKE 'SCRAM-SHA-256\$%')
         FROM pg_authid WHERE rolname = '$1'"
}

# The statement must not reach the server's log or statistics: it has the password in it. And it
# must not wait for a synchronous standby that isn't there yet.
give_role() {
  local set_password=''
  [[ -z $3 ]] || set_password="ALTER ROLE $1 PASSWORD '${3//\'/\'\'}';"
  sql <<END
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track_utility = off;
SET pgaudit.log = 'none';
SET track_activities = off;
SET synchronous_commit = local;
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';
BEGIN;
$2
$set_password
COMMIT;
END
}

# Whether pg_hba.conf and the password let the role in, through the socket.
logs_in() {
  local passfile mode=''
  lend_passfile "$1" "$2"
  [[ $1 != "$replication_user" ]] || mode='replication=true '
  as_server "$psql" -XAtqw -h "$socket_dir" -p "$port" -U "$1" -c 'SHOW server_version' \
    -d "${mode}dbname=postgres passfile='$passfile'" >/dev/null 2>&1
}

# What rejoin_standby.sh reads by pg_rewind; a role that may take a base backup can read as much. And
# from 15 on a checkpoint, without which pg_rewind before 16 doesn't see a new timeline.
rewind_rights() {
  printf 'GRANT EXECUTE ON FUNCTION %s TO %s;' "$(IFS=,; echo "${rewind_functions[*]}")" "$1"
  ((version < 15)) || printf 'GRANT pg_checkpoint TO %s;' "$1"
}

ensure_roles() {
  local extra has_rights='rolcanlogin AND rolreplication'
  has_rights+=" AND has_function_privilege(oid, '${rewind_functions[-1]}', 'EXECUTE')"
  ensure_role "$replication_user" \
    "ALTER ROLE $replication_user LOGIN REPLICATION; $(rewind_rights "$replication_user")" \
    "$has_rights" "$replication_password"
  ensure_role "$monitor_user" "ALTER ROLE $monitor_user LOGIN; GRANT pg_monitor TO $monitor_user;" \
    "rolcanlogin AND pg_has_role(oid, 'pg_monitor', 'MEMBER')" "$monitor_password"
  if ! is_running; then return; fi
  extra=$(query "
    SELECT concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
        CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
        (SELECT string_agg(roleid::regrole::text, ', ') FROM pg_auth_members
         WHERE member = r.oid AND roleid <> 'pg_monitor'::regrole))
    FROM pg_roles r WHERE rolname = '$monitor_user'")
  [[ -z $extra ]] || warn "role $monitor_user has more than pg_monitor: $extra"
}

# Without reserved WAL: a slot nobody has used yet keeps nothing back.
ensure_slots() {
  local slot
  for slot in "${slots[@]}"; do
    if is_running && [[ -n $(query \
      "SELECT 1 FROM pg_replication_slots WHERE slot_name = '$slot'") ]]; then continue; fi
    act "create slot $slot" create_slot "$slot"
  done
}

create_slot() {
  query "SELECT pg_create_physical_replication_slot('$1')" >/dev/null ||
    die "slot $1 could not be created" 'with all slots in use: raise --standbys'
}

# ---- The end --------------------------------------------------------------------------------

verify() {
  check_effect primary
  say 'Verified:'
  query "SELECT '  ' || name || ' = ' || current_setting(name)
         FROM unnest('{wal_level, max_wal_senders, max_replication_slots, wal_log_hints,
                       archive_mode, listen_addresses}'::text[]) AS name"
  verify_login "$replication_user" "$replication_password"
  verify_login "$monitor_user" "$monitor_password"
  say "  slots: $(query "SELECT coalesce(string_agg(slot_name || CASE WHEN active THEN ' (active)'
    ELSE '' END, ', ' ORDER BY slot_name), 'none') FROM pg_replication_slots")"
  if ((changes > 0)) && [[ $(query 'SHOW archive_mode') != off ]]; then verify_archive; fi
  if [[ ${allow[*]:-} && $(query 'SHOW listen_addresses') == localhost ]]; then
    warn 'it listens on localhost only; for other hosts give --listen'
  fi
}

verify_login() {
  [[ -n $2 ]] || return 0
  logs_in "$1" "$2" || die "$1 cannot log in through the socket $socket_dir, port $port" \
    'see the log of the server, and the lines above our block in pg_hba.conf'
  say "  $1 logs in with scram-sha-256"
}

# A closed segment must arrive in the archive.
verify_archive() {
  local tries segment
  segment=$(query 'SELECT pg_walfile_name(pg_switch_wal())')
  for ((tries = 0; tries < 100; tries++)); do
    if [[ $(query "SELECT last_archived_wal >= '$segment' FROM pg_stat_archiver") == t ]]; then
      say "  archived $segment"
      return
    fi
    sleep 0.1
  done
  warn "segment $segment is not archived after 10 s: see pg_stat_archiver and the server's log"
}

next_steps() {
  if $dry_run; then
    say "Dry run: $changes steps, nothing touched."
  elif ((changes == 0)); then
    say 'Nothing to do: everything is as asked.'
  else
    say "Done. On each standby: setup_standby.sh THIS_HOST --primary-port $port" \
      "--name STANDBY --replication-password-file FILE"
  fi
}

main() {
  read_options "$@"
  check_options
  find_cluster
  refuse_standby
  read_passwords
  say "Primary in $data_dir, PostgreSQL $version, port $port"
  choose_settings
  create_cluster
  configure
  apply_configuration primary
  ensure_roles
  ensure_slots
  if ! $dry_run; then verify; fi
  next_steps
}

main "$@"
