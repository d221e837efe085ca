#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a PostgreSQL server a standby of another one: slot on the upstream, base backup, settings,
# standby.signal, start. On a standby of the same system it takes no base backup: it brings the
# settings up to date, or points the standby at another upstream. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

primary='' primary_port=5432 name='' archive_dir='' replace=false
slot='' use_slot=true slot_created=false slot_freed=false
password='' lent=''       # and the pgpass file this run uses
system_id=''              # of the upstream
declare -A upstream_values=()
# Recovery stops on a standby where one of these is lower than on its upstream.
readonly upstream_bound=(max_connections max_worker_processes max_wal_senders
  max_prepared_transactions max_locks_per_transaction)

usage() {
  cat <<END
Usage: $program PRIMARY [OPTION]...
Sets up a PostgreSQL standby of PRIMARY, a host name or address (or the upstream standby's, for a
cascade), or brings one up to date.

  --primary-port N        port of PRIMARY (default: 5432)
  --name NAME             application_name and cluster_name (default: as installed, else this
                          host's name)
  --slot NAME             its slot on PRIMARY, created if missing (default: as installed, else made
                          from --name)
  --no-slot               no slot: PRIMARY then keeps wal_keep_size for it, and no more
  --archive-dir DIR       where to fetch archived segments the upstream no longer has
  --replace               an existing data directory is moved to DIR.backup-TIMESTAMP
END
  common_usage
}

own_option() {
  case $1 in
    --no-slot) use_slot=false taken=1 ;;
    --replace) replace=true taken=1 ;;
    --primary-port | --name | --slot | --archive-dir)
      (($# > 1)) || usage_error "$1: its value is missing" ;;&
    --primary-port) primary_port=$(port_number "$2") ;;
    --name) name=$2 ;;
    --slot) slot=$(identifier "$2") ;;
    --archive-dir) archive_dir=$(archive_path "$2") ;;
    -*) take_option "$@" ;;
    *) [[ -z $primary ]] || usage_error "'$1': one PRIMARY is enough"
      primary=$(host "$1") taken=1 ;;
  esac
}

check_options() {
  [[ -n $primary ]] || usage_error 'PRIMARY is missing: the host to follow'
}

# What no option says is as it was installed here, else made from this host's name.
recall_node() {
  load_settings standby
  name=${name:-$(bare_value cluster_name)}
  name=${name:-${HOSTNAME%%.*}}
  [[ $name =~ ^[A-Za-z0-9_.-]{1,63}$ ]] || usage_error "--name '$name': letters, digits, . _ and -"
  if ! $use_slot; then
    slot=''
  elif [[ -z $slot && -v settings[primary_conninfo] ]]; then
    slot=$(bare_value primary_slot_name)
  elif [[ -z $slot ]]; then
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
  if [[ -z $replication_password_file ]] && [[ -e $kept ]]; then
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
      mend="on $primary: run setup_primary.sh (on a standby: setup_standby.sh) with --allow" ;;
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
    *'incompatible server version'*)
      mend="the pg_basebackup here is too old: install postgresql-client-$version" ;;
    *'is active for PID'*)
      mend="another standby uses slot $slot: choose another --name or --slot" ;;
  esac
  die "$primary:$primary_port does not serve $replication_user:
$(indent "$(grep -v "${workshop:-/dev/null}" <<<"$1")")" "$mend"
}

# Slots that a failed run leaves behind keep WAL for nobody: created late, dropped on failure.
ensure_slot() {
  local used
  used=$(received "slot_name || ' on ' || sender_host || ':' || sender_port")
  [[ $used != "$slot on $primary:$primary_port" ]] || return 0
  if [[ -n $slot ]] && ! slot_is_there; then
    act "create slot $slot on $primary:$primary_port" create_slot
  fi
  [[ -z $used ]] || warn "slot $used will have no standby and keep its WAL: drop it there"
}

# Only PostgreSQL 15 and newer can be asked over a replication connection.
slot_is_there() {
  ((version >= 15)) && [[ $(upstream 2>/dev/null <<<"READ_REPLICATION_SLOT $slot;") == physical* ]]
}

create_slot() {
  local output
  if output=$(upstream 2>&1 <<<"CREATE_REPLICATION_SLOT $slot PHYSICAL RESERVE_WAL;"); then
    slot_created=true
  else
    [[ $output == *'already exists'* ]] || explain_refusal "$output"
  fi
}

# ---- The data directory ---------------------------------------------------------------------

# A standby of the upstream's system stays; anything else is somebody's data.
follows_same_system() {
  has_data && [[ -e $data_dir/standby.signal ]] && [[ $(own_system_id) == "$system_id" ]]
}

prepare_data() {
  if follows_same_system && ! $replace; then
    ensure_slot
  elif is_empty; then
    ensure_slot
    make_home
    act "take a base backup of $primary:$primary_port" take_base_backup "$data_dir"
    fresh=true
  else
    replace_data
    fresh=true
  fi
}

is_empty() { [[ -z $(ls -A "$data_dir" 2>/dev/null) ]]; }

# The old data is only moved away when the new is there, complete.
replace_data() {
  local incoming=$data_dir.incoming-$stamp kept=$data_dir.backup-$stamp
  $replace || die "$data_dir has data of its own, not that of a standby of $primary" \
    "to move it to $data_dir.backup-TIMESTAMP and take a base backup: --replace"
  ! mountpoint -q "$data_dir" || die "$data_dir is a mount point and cannot be moved" \
    'empty it by hand, then run this again'
  confirm "$data_dir will be moved to $kept and replaced"
  ensure_slot
  free_slot
  make_directory "$incoming" 0700
  act "take a base backup of $primary:$primary_port" take_base_backup "$incoming"
  if is_running; then act "stop the server on port $port" control stop; fi
  act "keep $data_dir as $kept" mv "$data_dir" "$kept"
  act "move the base backup to $data_dir" mv "$incoming" "$data_dir"
}

# A standby that is replaced holds the slot that the base backup needs.
free_slot() {
  if [[ -n $slot && $(received slot_name) == "$slot" ]]; then
    act "stop the server on port $port, which uses slot $slot" control stop
    slot_freed=true
  fi
}

take_base_backup() {
  local output tries
  for tries in 1 2 3 4 5; do
    if output=$(as_server "$(tool pg_basebackup)" -d "$(conninfo "$lent")" -D "$1" -X stream \
      --checkpoint=fast --no-password ${slot:+--slot="$slot"} 2>&1); then
      forget_upstream_identity "$1"
      as_server touch "$1/standby.signal"
      return
    fi
    # The upstream may take a moment to see that the receiver has gone.
    if ! $slot_freed || ((tries == 5)) || [[ $output != *'is active for PID'* ]]; then break; fi
    sleep 1
  done
  [[ $1 == "$data_dir" ]] || rmdir "$1" || true
  ! $slot_freed || control start ||
    warn "the server on port $port, stopped for this, could not be started again"
  ! $slot_created || upstream >/dev/null 2>&1 <<<"DROP_REPLICATION_SLOT $slot;" || true
  explain_refusal "$output"
}

# The copy may bring what ALTER SYSTEM said of the upstream itself: its port, whom it followed.
forget_upstream_identity() {
  local names auto=$1/postgresql.auto.conf
  printf -v names '%s|' port listen_addresses unix_socket_directories restore_command \
    archive_cleanup_command recovery_'[a-z_]+' "${!settings[@]}"
  names="^(${names%|}) *="
  if as_server grep -E "$names" "$auto" | sed 's/^/    without the ALTER SYSTEM of /'; then
    as_server sed -i -E "/$names/d" "$auto"
  fi
}

# ---- Its configuration ----------------------------------------------------------------------

# What this node is called, where it answers, whom it follows.
choose_settings() {
  local setting_name
  pin_door
  listen_for_allowed
  for setting_name in "${upstream_bound[@]}"; do
    set_at_least "$setting_name" "${upstream_values[$setting_name]}"
  done
  set_value cluster_name "$name"
  set_value primary_conninfo "$(conninfo "$data_dir.pgpass")"
  unset 'settings[primary_slot_name]'
  if [[ -n $slot ]]; then set_value primary_slot_name "$slot"; fi
  if [[ -n $archive_dir ]]; then
    as_server test -r "$archive_dir" || die "$os_user cannot read the archive $archive_dir" \
      'mount it, or leave --archive-dir out'
    set_value restore_command "cp \"$archive_dir/%f\" \"%p\""
  fi
  compose_settings standby
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
  has_data && is_running || return 0
  query "SELECT $1 FROM pg_stat_wal_receiver" 2>/dev/null || true
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
$(indent "$(log_since "$log_lines" | grep -E 'FATAL|ERROR' | tail -n 4)")" \
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
  check_options
  find_cluster
  recall_node
  read_upstream_password
  meet_upstream
  say "Standby $name in $data_dir, PostgreSQL $version, port ${asked[port]:-$port}," \
    "following $primary:$primary_port"
  choose_settings
  prepare_data
  configure
  apply_configuration standby
  if ! $dry_run; then verify; fi
  next_steps
}

main "$@"
