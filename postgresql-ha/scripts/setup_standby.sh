#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a PostgreSQL server a standby of another server: slot on the upstream, base backup, settings,
# standby.signal, start. On a standby of the same system it takes no base backup: it brings the
# settings up to date, or points the standby at another upstream. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

primary='' primary_port=5432 name=$(hostname) slot='' use_slot=true archive_dir='' replace=false
password='' lent='' system_id=''
# Recovery stops on a standby where one of these is lower than on its upstream.
readonly upstream_bound=(max_connections max_worker_processes max_wal_senders
  max_prepared_transactions max_locks_per_transaction)

usage() {
  cat <<END
Usage: $program PRIMARY [OPTION]...
Sets up a PostgreSQL standby of PRIMARY, a host name or address (or the upstream standby's, for a
cascade), or brings one up to date.

  --primary-port N        port of PRIMARY (default: 5432)
  --name NAME             application_name and cluster_name (default: this host's name)
  --slot NAME             its slot on PRIMARY, created if missing (default: made from --name)
  --no-slot               no slot: PRIMARY then keeps wal_keep_size for it, and no more
  --archive-dir DIR       where to fetch archived segments the upstream no longer has
  --replace               an existing data directory is moved to DIR.backup-TIMESTAMP
$common_usage
END
}

read_options() {
  while (($#)); do
    if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
    taken=2
    case $1 in
      --no-slot) use_slot=false taken=1 ;;
      --replace) replace=true taken=1 ;;
      --primary-port | --name | --slot | --archive-dir)
        (($# > 1)) || usage_error "$1: its value is missing" ;;&
      --primary-port) primary_port=$2 ;;
      --name) name=$2 ;;
      --slot) slot=$(identifier "$2") ;;
      --archive-dir) archive_dir=$(readlink -m -- "$2") ;;
      -*) take_option "$@" ;;
      *) [[ -z $primary ]] || usage_error "'$1': one PRIMARY is enough"
        primary=$1 taken=1 ;;
    esac
    shift "$taken"
  done
  [[ -n $primary ]] || usage_error 'PRIMARY is missing: the host to follow'
  [[ $primary =~ ^[A-Za-z0-9./:_-]+$ ]] || usage_error "'$primary': not a host name or address"
  [[ $primary_port =~ ^[0-9]{1,5}$ ]] || usage_error "--primary-port '$primary_port': not a port"
  [[ $name =~ ^[A-Za-z0-9_.-]{1,63}$ ]] || usage_error "--name '$name': letters, digits, . _ and -"
  if ! $use_slot; then slot=''; elif [[ -z $slot ]]; then
    slot=$(tr 'A-Z.-' 'a-z__' <<<"$name")
  fi
}

# ---- The upstream ---------------------------------------------------------------------------

# The conninfo of the upstream, with the passfile to be used.
conninfo() {
  printf "host=%s port=%s user=%s passfile='%s' application_name=%s" \
    "$primary" "$primary_port" "$replication_user" "$1" "$name"
}

# Replication commands for the upstream, on standard input.
upstream() {
  as_server "$psql" -XAtqw -v ON_ERROR_STOP=1 -d "$(conninfo "$lent") replication=true"
}

# The password: from --replication-password-file, else the one this standby uses, else asked for.
read_upstream_password() {
  local kept=$data_dir.pgpass
  if [[ -z $replication_password_file ]] && as_server test -e "$kept"; then
    lent=$kept
    return
  fi
  read_password password "$replication_password_file" "$replication_user on $primary"
  lend_passfile "$replication_user" "$password"
  lent=$passfile
}

# Knows the upstream before anything is touched: reachable, same major version, and its settings.
meet_upstream() {
  local answer number
  answer=$({
    echo 'IDENTIFY_SYSTEM;'
    printf 'SHOW %s;\n' server_version_num "${upstream_bound[@]}"
  } | upstream 2>&1) || explain_refusal "$answer"
  mapfile -t answer <<<"$answer"
  system_id=${answer[0]%%|*}
  ((answer[1] / 10000 == version)) ||
    die "$primary runs PostgreSQL $((answer[1] / 10000)), the programs here are $version" \
      "a standby has its primary's major version: install it, or name it with --bin-dir"
  for number in "${!upstream_bound[@]}"; do
    upstream_values[${upstream_bound[number]}]=${answer[number + 2]}
  done
}
declare -A upstream_values=()

# explain_refusal MESSAGE_OF_LIBPQ ends the run and says what to do about it.
explain_refusal() {
  local mend="see whether $primary is up and lets $replication_user in"
  case $1 in
    *'password authentication failed'* | *'empty password'*)
      mend="give the password setup_primary.sh was given; or set it anew there, with its option \
--replication-password-file" ;;
    *'no password supplied'*)
      mend='give --replication-password-file' ;;
    *'no pg_hba.conf entry'*)
      mend="on $primary: setup_primary.sh --allow THIS_HOST (on a standby: setup_standby.sh --allow)" ;;
    *'Connection refused'*)
      mend="start PostgreSQL there; see that listen_addresses names that interface \
(setup_primary.sh --listen) and that the port is $primary_port" ;;
    *'timeout expired'* | *'timed out'* | *'No route to host'*)
      mend="see that the host is up and no firewall closes port $primary_port" ;;
    *'could not translate host name'*) mend='correct the name, or give the address' ;;
    *'starting up'* | *'shutting down'*) mend='wait until it is up, then run this again' ;;
    *'must be superuser or replication role'* | *'permission denied to start WAL sender'*)
      mend="on $primary: ALTER ROLE $replication_user REPLICATION (setup_primary.sh does it)" ;;
    *'requested standby connections exceeds'*) mend="raise --standbys of setup_primary.sh there" ;;
    *'replication slots are in use'*) mend="raise --standbys of setup_primary.sh there" ;;
    *'is active for PID'*) mend="another standby uses slot $slot: choose another --name or --slot" ;;
  esac
  die "$primary:$primary_port does not serve $replication_user:
$(indent "$1")" "$mend"
}

ensure_slot() {
  local output
  [[ -n $slot ]] || return 0
  [[ $(received slot_name) != "$slot" ]] || return 0
  if slot_is_there; then return; fi
  $dry_run || output=$(upstream 2>&1 <<<"CREATE_REPLICATION_SLOT $slot PHYSICAL RESERVE_WAL;") ||
    [[ $output == *'already exists'* ]] || explain_refusal "$output"
  [[ ${output:-} == *'already exists'* ]] || act "create slot $slot on $primary:$primary_port" true
}

slot_is_there() {
  ((version >= 15)) && [[ $(upstream 2>/dev/null <<<"READ_REPLICATION_SLOT $slot;") == physical* ]]
}

# ---- The data directory ---------------------------------------------------------------------

# A standby of the upstream's system stays; anything else is somebody's data.
follows_same_system() {
  has_data && as_server test -e "$data_dir/standby.signal" && [[ $(own_system_id) == "$system_id" ]]
}

# The first eight bytes of pg_control, in every version: no need for a pg_controldata that fits.
own_system_id() { as_server od -An -t u8 -N 8 "$data_dir/global/pg_control" | tr -d ' '; }

prepare_data() {
  if follows_same_system && ! $replace; then return; fi
  if is_empty; then
    make_directory "$(dirname "$data_dir")" 0755
    make_directory "$socket_dir" 0755
    make_directory "$data_dir" 0700
    act "take a base backup of $primary:$primary_port" take_base_backup "$data_dir"
  else
    replace_data
  fi
  fresh=true
  act 'make it a standby (standby.signal)' as_server touch "$data_dir/standby.signal"
  if [[ $layout == plain ]] && ! as_server test -e "$log_file"; then
    act "log to $log_file" store_file "$log_file" '' 0640
  fi
  $dry_run || forget_upstream_identity
}

is_empty() { [[ -z $(as_server ls -A "$data_dir" 2>/dev/null) ]]; }

# The old data is only moved away when the new is there, complete.
replace_data() {
  local incoming=$data_dir.incoming-$stamp
  $replace || die "$data_dir has data of its own, not a standby of $primary's system" \
    "to move it to $data_dir.backup-TIMESTAMP and take a base backup: --replace"
  ! mountpoint -q "$data_dir" || die "$data_dir is a mount point and cannot be moved" \
    'empty it by hand, then run this again'
  confirm "$data_dir will be moved to $data_dir.backup-$stamp and replaced"
  make_directory "$incoming" 0700
  act "take a base backup of $primary:$primary_port" take_base_backup "$incoming"
  if is_running; then act "stop the server on port $port" control stop; fi
  act "keep $data_dir as $data_dir.backup-$stamp" mv "$data_dir" "$data_dir.backup-$stamp"
  act "move the base backup to $data_dir" mv "$incoming" "$data_dir"
}

take_base_backup() {
  local output
  output=$(as_server "$(tool pg_basebackup)" -d "$(conninfo "$lent")" -D "$1" -X stream \
    --checkpoint=fast --no-password ${slot:+--slot="$slot"} 2>&1) || explain_refusal "$output"
}

# The copy may bring what the upstream's ALTER SYSTEM says about the upstream itself.
forget_upstream_identity() {
  as_server sed -i -E "/^($(printf '%s|' "${!settings[@]}")recovery_[a-z_]+) *=/d" \
    "$data_dir/postgresql.auto.conf"
}

# ---- Its configuration ----------------------------------------------------------------------

# What this node is called, where it answers, whom it follows.
choose_settings() {
  local setting_name
  if [[ $layout == plain ]]; then
    asked[port]=${asked[port]:-$port}
    asked[unix_socket_directories]=${asked[unix_socket_directories]:-$socket_dir}
    if ! has_data; then asked[listen_addresses]=${asked[listen_addresses]:-localhost}; fi
  fi
  load_settings standby
  listen_for_allowed
  for setting_name in "${upstream_bound[@]}"; do
    set_at_least "$setting_name" "${upstream_values[$setting_name]}"
  done
  set_value cluster_name "$name"
  set_value primary_conninfo "$(conninfo "$data_dir.pgpass")"
  if [[ -n $slot ]]; then set_value primary_slot_name "$slot"; else unset "settings[primary_slot_name]"; fi
  if [[ -n $archive_dir ]]; then set_value restore_command "cp \"$archive_dir/%f\" \"%p\""; fi
}

configure() {
  if [[ -n $password ]]; then
    put_file "$data_dir.pgpass" "$(pgpass_line "$replication_user" "$password")" 0600
  fi
  install_settings standby
  admit_roles
}

# ---- The end --------------------------------------------------------------------------------

# A column of pg_stat_wal_receiver; nothing where the server is down or receives nothing.
received() {
  if has_data && is_running; then query "SELECT $1 FROM pg_stat_wal_receiver" 2>/dev/null || true; fi
}

verify() {
  local tries log_lines
  log_lines=$(log_length)
  for ((tries = 0; tries < 150; tries++)); do
    [[ $(received "status || ' from ' || sender_host || ':' || sender_port") != \
      "streaming from $primary:$primary_port" ]] || break
    sleep 0.2
  done
  check_effect standby
  ((tries < 150)) || die "the standby runs, but does not stream from $primary:$primary_port:
$(indent "$(log_since "$((log_lines > 20 ? log_lines - 20 : 0))" | grep -E 'FATAL|ERROR' | tail -n 4)")" \
    "see $log_file; where WAL it needs is gone from the upstream, run this again with --replace"
  say 'Verified:'
  say "  pg_is_in_recovery() = $(query 'SELECT pg_is_in_recovery()')"
  say "  receiver: $(received "format('%s from %s:%s, slot %s, timeline %s', status, sender_host,
    sender_port, coalesce(slot_name, 'none'), received_tli)")"
  say "  replayed up to $(query 'SELECT pg_last_wal_replay_lsn()'), listens on $(
    query 'SHOW listen_addresses'), port $port"
}

next_steps() {
  if $dry_run; then
    say "Dry run: $changes steps, nothing touched."
  elif ((changes == 0)); then
    say "Nothing to do: already streaming from $primary:$primary_port."
  else
    say "Done. Let the exporter watch it as $monitor_user on port $port; on the primary," \
      'SELECT * FROM pg_stat_replication shows it.'
  fi
}

main() {
  read_options "$@"
  find_cluster
  read_upstream_password
  meet_upstream
  say "Standby $name in $data_dir, PostgreSQL $version, port ${asked[port]:-$port}," \
    "following $primary:$primary_port"
  choose_settings
  ensure_slot
  prepare_data
  configure
  apply_configuration standby
  if ! $dry_run; then verify; fi
  next_steps
}

main "$@"
