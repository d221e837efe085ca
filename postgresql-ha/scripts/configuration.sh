# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The configuration of a cluster, as far as it is ours: conf.d/primary.conf, conf.d/standby.conf and
# a marked block at the top of pg_hba.conf. Made from the files in config/postgresql.
#
# Sourced by the scripts beside it, never run; brings cluster.sh. What an option asks for wins over
# what an earlier run or a hand wrote into the installed file, and that over the shipped file.
# postgresql.conf is the user's: it only gets its include_dir line, where that is missing.

# shellcheck source-path=SCRIPTDIR source=cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

declare -A settings=()   # name -> value as it is written in the file
declare -A left_out=()   # name -> why the shipped setting isn't written
composed=''              # the text to install
rewritten=false          # a file of the server has changed in this run
readonly block_begin='# BEGIN pg_replication_exporter setup kit; it rewrites this block'
readonly block_end='# END pg_replication_exporter setup kit'

# ---- Settings -------------------------------------------------------------------------------

installed_file() { printf '%s/conf.d/%s.conf' "$conf_dir" "$1"; }

# load_settings primary|standby: what the installed file says; nothing where there is none.
load_settings() {
  local line
  while IFS= read -r line; do
    if [[ $line =~ ^([A-Za-z_][A-Za-z0-9_.]*)[[:space:]]*=?[[:space:]]*(.+)$ ]]; then
      settings[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    fi
  done < <(file_text "$(installed_file "$1")")
}

# A loaded value without its quotes, for names that need none inside.
bare_value() {
  local text=${settings[$1]:-}
  text=${text#\'}
  printf '%s' "${text%%\'*}"
}

set_value() { settings[$1]=$(conf_value "$2"); }

# Asks for what is in force, so that our file says it.
pin() { # NAME DEFAULT
  asked[$1]=${asked[$1]:-$(setting "$1" || printf '%s' "$2")}
}

# Outside Debian's layout a base backup brings the upstream's configuration: say where we are.
pin_door() {
  if [[ $layout == plain ]]; then
    pin port "$port"
    pin unix_socket_directories "$socket_dir"
    pin listen_addresses localhost
  fi
}

# At least this number; a larger one, wherever it is configured, stays.
set_at_least() {
  local now
  now=$(setting "$1") || now=0
  set_value "$1" "$((now > $2 ? now : $2))"
}

conf_value() {
  if [[ $1 =~ ^-?[0-9]+[A-Za-z]*$|^[A-Za-z][A-Za-z_]*$ ]]; then
    printf '%s' "$1"
  else
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\'\'}"
  fi
}

# compose_settings primary|standby: the shipped file with our values, then everything else. Nothing
# is written, but the server has read it: a bad name or value ends the run before anything is done.
compose_settings() {
  local name
  for name in "${!asked[@]}"; do set_value "$name" "${asked[$name]}"; done
  if ((version == 12)); then
    left_out[wal_keep_size]='PostgreSQL 12 has wal_keep_segments'
    left_out[max_slot_wal_keep_size]='not in PostgreSQL 12: watch the disk of pg_wal'
    [[ $1 != primary ]] || settings[wal_keep_segments]=${settings[wal_keep_segments]:-64}
  fi
  composed=$(render_settings "$kit/config/postgresql/$1.conf")
  try_settings "$composed"
}

install_settings() {
  include_conf_dir
  put_configuration "$(installed_file "$1")" "$composed"
}

render_settings() {
  local line name
  local -A seen=()
  while IFS= read -r line; do
    if [[ $line =~ ^#?([A-Za-z_][A-Za-z0-9_.]*)\ =\  ]]; then
      name=${BASH_REMATCH[1]} seen[$name]=1
      if [[ -v left_out[$name] ]]; then line="# $name: ${left_out[$name]}"
      elif [[ -v settings[$name] ]]; then line="$name = ${settings[$name]}"; fi
    fi
    printf '%s\n' "$line"
  done <"$1"
  for name in "${!settings[@]}"; do
    [[ -v seen[$name] || -v left_out[$name] ]] || printf '%s = %s\n' "$name" "${settings[$name]}"
  done | sort | sed '1i\\n# ---- Further settings of this server ----\n'
}

try_settings() {
  local complaint
  open_workshop
  store_file "$workshop/postgresql.conf" "$1" 0600
  complaint=$(as_server "$bin_dir/postgres" -D "$workshop" -C port 2>&1 >/dev/null) ||
    die "PostgreSQL $version does not take these settings:
$(indent "$(grep -v 'skipping missing' <<<"${complaint//"$workshop/"/}")")" \
      'correct them with --set NAME=VALUE, or in conf.d'
}

include_conf_dir() {
  local main=$conf_dir/postgresql.conf text
  text=$(file_text "$main")
  if ! grep -Eq "^[[:space:]]*include_dir[[:space:]]*=?[[:space:]]*'conf\.d'" <<<"$text"; then
    put_configuration "$main" "$text${text:+$'\n\n'}# Settings of the replication setup kit
include_dir = 'conf.d'"
  fi
  make_directory "$conf_dir/conf.d" 0755
}

put_configuration() {
  local before=$changes
  put_file "$@"
  ((changes == before)) || rewritten=true
}

# A server others may come to must listen where they come from. Elsewhere than in Debian's layout
# only --listen opens more than localhost.
listen_for_allowed() {
  if [[ $layout == debian && ! -v asked[listen_addresses] ]] && ((${#allow[@]})) &&
    [[ $(setting listen_addresses) == localhost ]]; then
    asked[listen_addresses]='*'
  fi
}

# ---- pg_hba.conf ----------------------------------------------------------------------------

# Lets the replication and the monitoring role in from --allow, or from where they were let in.
admit_roles() {
  local file text
  file=$(setting hba_file) || file=$conf_dir/pg_hba.conf
  text=$(file_text "$file")
  ((${#allow[@]})) || mapfile -t allow < <(admitted <<<"$text")
  [[ -n $text ]] || text="local   all          $os_user                peer"
  put_configuration "$file" "$(with_block "$(hba_lines)" <<<"$text")"
}

admitted() {
  awk -v begin="$block_begin" -v end="$block_end" '
    $0 == begin { inside = 1 }
    $0 == end { inside = 0 }
    inside && $1 == "host" && $4 != "samehost" && !seen[$4]++ { print $4 }'
}

# The shipped lines with our role names, each host line once more for every allowed address.
hba_lines() {
  awk -v replication="$replication_user" -v monitor="$monitor_user" -v addresses="${allow[*]:-}" '
    /^#/ { print; next }
    { sub(/ replicator /, " " replication " "); sub(/ pgrepl_monitor /, " " monitor " "); print }
    $1 == "host" {
      line = $0
      n = split(addresses, address, " ")
      for (i = 1; i <= n; i++) { sub(/samehost/, address[i], line); print line; line = $0 }
    }' "$kit/config/postgresql/pg_hba_replication.conf"
}

# Standard input with the marked block replaced, or put first.
with_block() {
  block=$1 awk -v begin="$block_begin" -v end="$block_end" '
    { line[NR] = $0 }
    $0 == begin { from = NR }
    $0 == end { to = NR }
    function block() { print begin; print ENVIRON["block"]; print end }
    END {
      if (!from) { block(); print "" }
      for (i = 1; i <= NR; i++)
        if (i == from) block()
        else if (i < from || i > to) print line[i]
    }'
}

# ---- Into effect ----------------------------------------------------------------------------

# apply_configuration primary|standby: starts, restarts or reloads the server, if it must.
apply_configuration() {
  local waiting
  if $fresh || ! is_running; then
    act "start the server on port ${asked[port]:-$port}" control start
  elif $dry_run && $rewritten; then
    act 'reload the server, or restart it where a setting needs that'
  else
    waiting=$(waiting_for_restart "$1")
    if [[ -n $waiting ]]; then
      confirm "The server on port $port must restart, which ends its connections, for: $waiting"
      act "restart the server for: $waiting" control restart
    elif $rewritten || [[ $(is_unread "$1") == t ]]; then
      act 'reload the server' reload_server
    fi
  fi
  $dry_run || find_door
}

waiting_for_restart() {
  query "SELECT string_agg(DISTINCT name, ', ') FROM pg_file_settings
         WHERE NOT applied AND error IS NOT NULL AND sourcefile LIKE '%/conf.d/$1.conf'"
}

# Whether a hand, or a run that was cut short, has written what the server has not read yet.
is_unread() {
  query "SELECT greatest((pg_stat_file('$(installed_file "$1")')).modification,
                         (pg_stat_file(current_setting('hba_file'))).modification)
                > pg_conf_load_time()"
}

# Returns when new connections see the new configuration.
reload_server() {
  local before tries
  before=$(query 'SELECT pg_conf_load_time()')
  control reload
  for ((tries = 0; tries < 50; tries++)); do
    [[ $(query 'SELECT pg_conf_load_time()') == "$before" ]] || return 0
    sleep 0.1
  done
  warn 'the server has not read its configuration again within 5 s'
}

# Warns where another file has the last word, or pg_hba.conf has lines the server cannot read.
check_effect() {
  local line
  while IFS= read -r line; do
    [[ -z $line ]] || warn "$line"
  done < <(query "
    SELECT format('%s = %s of conf.d/$1.conf has no effect: %s says %s',
                  ours.name, ours.setting, theirs.sourcefile, theirs.setting)
    FROM pg_file_settings ours JOIN pg_file_settings theirs USING (name)
    WHERE ours.sourcefile LIKE '%/conf.d/$1.conf' AND ours.error IS NULL
      AND NOT ours.applied AND theirs.applied AND ours.setting <> theirs.setting
    UNION ALL
    SELECT format('pg_hba.conf, line %s: %s', line_number, error)
    FROM pg_hba_file_rules WHERE error IS NOT NULL")
}
