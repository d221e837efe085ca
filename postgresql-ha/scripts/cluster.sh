# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # what is declared here is read by those who source it
# A cluster, in PostgreSQL's sense: one data directory and its server. Either in Debian's layout
# (/etc/postgresql/VERSION/NAME, started by pg_ctlcluster) or plain (all in the data directory,
# started by pg_ctl). Finds it, runs it, asks it, writes its files.
#
# Sourced by the scripts beside it. They say what options are theirs (own_option), call read_options, then
# find_cluster. Every change goes through act, which is what --dry-run stops. Secrets travel in
# files and pipes only: an argument or an environment variable can be read by others.

set -Eeuo pipefail
trap 'report_error "$?" "${BASH_SOURCE[0]##*/}, line $LINENO"' ERR
unset "${!PG@}"                        # the caller's PGHOST or PGPASSWORD is about something else
export LC_ALL=C PGCONNECT_TIMEOUT=10   # messages are read by explain_refusal, in English
program=${0##*/}
kit=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
stamp=$(date +%Y%m%dT%H%M%S)

# shellcheck source-path=SCRIPTDIR source=options.sh
source "$(dirname "${BASH_SOURCE[0]}")/options.sh"

layout='' version='' conf_dir='' log_file='' os_home='' psql='' workshop=''
port='' socket_dir=''    # where the server answers, or will
changes=0                # what act did, or would do
declare -A made=()       # directories act made, or would make
fresh=false              # the data directory was made in this run: nothing of the user's is in it

# ---- Words ----------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }
indent() { printf '    %s\n' "${1//$'\n'/$'\n'    }"; }
warn() { printf '%s: warning: %s\n' "$program" "$*" >&2; }

# die WHAT_WAS_TRIED_AND_WHY_IT_FAILED [WHAT_TO_DO]
die() {
  printf '%s: %s\n' "$program" "$1" >&2
  [[ -z ${2:-} ]] || printf '  what to do: %s\n' "$2" >&2
  leave 1
}

usage_error() {
  printf '%s: %s\n  see: %s --help\n' "$program" "$1" "$program" >&2
  leave 2
}

# Out of a command substitution a failure that has been explained goes as 101 or 102, so that the
# trap on ERR tells it from one that nobody foresaw.
leave() { exit "$((BASH_SUBSHELL ? 100 + $1 : $1))"; }

report_error() {
  (($1 != 101 && $1 != 102)) || leave "$(($1 - 100))"
  printf '%s: stopped by an error in %s\n' "$program" "$2" >&2
}

# act PHRASE COMMAND... says what is changed and changes it; under --dry-run it only says so.
act() {
  changes=$((changes + 1))
  if $dry_run; then
    say "  would $1"
  else
    say "  $1"
    "${@:2}"
  fi
}

confirm() {
  if $dry_run || $assume_yes; then return; fi
  [[ -t 0 ]] || die "$1: this needs a yes, and nobody is there to say it" 'run it again with --yes'
  local answer
  read -r -p "$1. Go on? [y/N] " answer
  [[ $answer == [yY]* ]] || die 'stopped, as you said'
}

# ---- Finding it -----------------------------------------------------------------------------

find_cluster() {
  local row
  cd /   # the server's user may not be able to enter the caller's directory
  row=$(debian_row)
  if [[ -n $row ]]; then
    layout=debian
    read -r version cluster _ _ os_user data_dir log_file <<<"$row"
    conf_dir=/etc/postgresql/$version/$cluster
    cluster=$version/$cluster
    [[ $(id -u) == 0 || $(id -un) == "$os_user" ]] ||
      die "cluster $cluster belongs to $os_user, and you are $(id -un)" 'run it with sudo'
  else
    [[ -n $data_dir ]] || die 'no cluster found' \
      'create one (pg_createcluster VERSION main), or name its directory with --data-dir'
    layout=plain conf_dir=$data_dir log_file=$data_dir.log
  fi
  [[ $data_dir != *[\'\\]* ]] || die "$data_dir has a quote or a backslash in its name"
  find_os_user
  find_programs
  find_door
}

# The line of pg_lsclusters this run is about; nothing where that isn't Debian's layout.
debian_row() {
  local rows
  command -v pg_lsclusters >/dev/null || return 0
  if [[ -n $data_dir ]]; then
    pg_lsclusters -h | awk -v dir="$data_dir" '$6 == dir'
  else
    rows=$(pg_lsclusters -h | awk -v id="$cluster" 'id == "" || $1 "/" $2 == id')
    [[ $rows != *$'\n'* ]] || die "there are several clusters: $(awk '{printf "%s/%s ", $1, $2}' \
      <<<"$rows")" 'say which with --cluster VERSION/NAME'
    printf '%s' "$rows"
  fi
}

find_os_user() {
  if ((EUID != 0)); then
    [[ -z $os_user || $os_user == "$(id -un)" ]] || die "only root can run a server as $os_user"
    os_user=$(id -un)
  elif [[ -z $os_user && -d $data_dir ]]; then
    os_user=$(stat -c %U "$data_dir")
  fi
  [[ -n $os_user && $os_user != root && $os_user != '<unknown>' ]] || os_user=postgres
  os_home=$(getent passwd "$os_user" | cut -d: -f6) || die "there is no user $os_user" \
    'install PostgreSQL, or name the user with --os-user'
}

find_programs() {
  local have
  if has_data; then version=$(as_server cat "$data_dir/PG_VERSION"); fi
  if [[ -z $bin_dir ]]; then
    bin_dir=$(compgen -G "/usr/lib/postgresql/${version:-*}/bin" | sort -V | tail -n 1) || true
    [[ -x $bin_dir/postgres ]] || bin_dir=$(dirname "$(command -v postgres || echo /)")
  fi
  [[ -x $bin_dir/postgres ]] || die "no postgres program in '$bin_dir'" \
    'name its folder with --bin-dir'
  have=$("$bin_dir/postgres" -V) && [[ $have =~ \)\ ([0-9]+) ]] && have=${BASH_REMATCH[1]}
  version=${version:-$have}
  [[ $version == "$have" ]] || die "$data_dir is of PostgreSQL $version, $bin_dir of $have" \
    "name the programs of $version with --bin-dir"
  psql=$(tool psql)
  ((version >= 12)) || die "PostgreSQL $version is too old for this kit" 'it starts at 12'
}

# Where the server answers: as it runs, else as configured, else as asked for. postmaster.pid has
# the port in line 4 and the socket directory in line 5.
find_door() {
  local pid_file=$data_dir/postmaster.pid
  if is_running; then
    port=$(as_server sed -n 4p "$pid_file") socket_dir=$(as_server sed -n 5p "$pid_file")
  elif [[ -e $conf_dir/postgresql.conf ]]; then
    port=${asked[port]:-$(setting port)}
    socket_dir=${asked[unix_socket_directories]:-$(setting unix_socket_directories)}
  else
    port=${asked[port]:-5432}
    socket_dir=${asked[unix_socket_directories]:-$(dirname "$data_dir")}
  fi
  socket_dir=${socket_dir%%,*}
  local socket=$socket_dir/.s.PGSQL.$port
  ((${#socket} < 108)) || die "the socket's path is longer than 107 bytes: $socket" \
    'choose a shorter one with --socket-dir'
}

has_data() { [[ -s $data_dir/PG_VERSION ]]; }

# A client program; PostgreSQL built for servers only lacks some, another version's will do.
tool() {
  if [[ -x $bin_dir/$1 ]]; then printf '%s' "$bin_dir/$1"; else
    command -v "$1" || die "no $1 program, neither in $bin_dir nor in PATH" \
      'install the PostgreSQL client programs'
  fi
}

# The first eight bytes of pg_control, in every version: no need for a pg_controldata that fits.
own_system_id() { as_server od -An -t u8 -N 8 "$data_dir/global/pg_control" | tr -d ' '; }

# ---- Running it -----------------------------------------------------------------------------

# Runs a command as the server's user. HOME goes with it: libpq looks for certificates there, and
# gives up on a directory it may not read.
as_server() {
  if ((EUID == 0)); then
    runuser -u "${os_user:-postgres}" -- env HOME="$os_home" "$@"
  else
    "$@"
  fi
}

# A configured value, whether the server runs or not; numbers come without a unit.
setting() {
  [[ -e $conf_dir/postgresql.conf ]] &&
    as_server "$bin_dir/postgres" -D "$conf_dir" -C "$1" 2>/dev/null
}

is_running() {
  [[ -e $data_dir/postmaster.pid ]] &&
    as_server "$bin_dir/pg_ctl" status -D "$data_dir" >/dev/null 2>&1
}

# control start|stop|restart|reload; the server's last words are shown if it fails.
control() {
  local log_lines
  log_lines=$(log_length)
  open_workshop
  run_control "$1" </dev/null >"$workshop/$1" 2>&1 || die "$1 of $data_dir failed:
$(indent "$(cat "$workshop/$1"; log_since "$log_lines" | tail -n 8)")" \
    "mend what $log_file says, then run this again"
}

run_control() {
  if [[ $layout == debian ]]; then
    pg_ctlcluster "${cluster%/*}" "${cluster#*/}" "$1"
  else
    as_server "$bin_dir/pg_ctl" -s -w -t 120 -D "$data_dir" -l "$log_file" "$1"
  fi
}

log_length() { file_text "$log_file" | wc -l; }
log_since() { file_text "$log_file" | tail -n "+$(($1 + 1))"; }

# SQL on standard input, as the superuser, through the socket.
sql() {
  as_server "$psql" -XAtq -v ON_ERROR_STOP=1 -h "$socket_dir" -p "$port" -d postgres
}

query() { sql <<<"$1"; }

# ---- Its files ------------------------------------------------------------------------------

# The data directory and what lies beside it: the log, the passfile, the socket.
make_home() {
  local parent
  parent=$(dirname "$data_dir")
  make_directory "$parent" 0755
  make_directory "$socket_dir" 0755
  make_directory "$data_dir" 0700
  $dry_run || as_server test -w "$parent" -a -w "$socket_dir" -a -w "$data_dir" ||
    die "$os_user may not write in $parent, $socket_dir or $data_dir" \
      'change their owner, or choose others'
}

make_directory() { # DIR MODE
  local parent
  [[ ! -d $1 && ! -v made[$1] ]] || return 0
  made[$1]=true
  parent=$(dirname "$1")
  [[ -d $parent ]] || make_directory "$parent" 0755
  act "create directory $1" install_directory "$@"
}

install_directory() {
  if ((EUID == 0)); then install -d -o "$os_user" -g "$(id -gn "$os_user")" -m "$2" "$1"
  else install -d -m "$2" "$1"; fi || die "cannot create $1" 'see who may write there'
}

# put_file PATH CONTENT [MODE] writes a file unless it reads so already; the old one is kept.
put_file() {
  local path=$1 content=$2 mode=${3:-0640}
  if [[ -e $path ]]; then
    [[ $(as_server cat "$path" && echo .) != "$content"$'\n.' ]] || return 0
    mode=$(as_server stat -c %a "$path")
    if ! $fresh || [[ $path != "$data_dir"/* ]]; then
      act "keep $path as $path.backup-$stamp" as_server cp -p "$path" "$path.backup-$stamp"
    fi
  fi
  act "write $path" store_file "$path" "$content" "$mode"
}

# Written by the server's user and moved into place: never half a file, never through a link.
store_file() {
  # shellcheck disable=SC2016  # $1 and $2 are the inner shell's
  as_server sh -c 'umask 077; cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"' \
    sh "$1" "$3" <<<"$2" || die "cannot write $1" "see whether $os_user may write there"
}

file_text() { as_server cat "$1" 2>/dev/null || true; }

# ---- Secrets --------------------------------------------------------------------------------

# read_password VARIABLE FILE WHOSE
read_password() {
  local -n secret=$1
  if [[ -n $2 ]]; then
    IFS= read -r secret <"$2" || [[ -n $secret ]] || die "cannot read the password of $3 in $2" \
      'it is the first line of that file, and not empty'
  else
    [[ -t 0 ]] || die "no password for $3" 'give its file with an option (see --help)'
    IFS= read -rs -p "Password of $3: " secret && echo
  fi
  secret=${secret%$'\r'}
  [[ -n $secret ]] || die "the password of $3 is empty"
}

# A line of a pgpass file, for every host: the roles are the same on all nodes.
pgpass_line() {
  local secret=${2//\\/\\\\}
  printf '*:*:*:%s:%s' "$1" "${secret//:/\\:}"
}

# Sets passfile to a pgpass file that lives as long as this run.
lend_passfile() { # USER PASSWORD
  open_workshop
  passfile=$workshop/$1
  store_file "$passfile" "$(pgpass_line "$1" "$2")" 0600
}

# A directory of the server's user for what this run needs and nobody shall find.
open_workshop() {
  [[ -z $workshop ]] || return 0
  workshop=$(mktemp -d)
  trap 'rm -rf "$workshop"' EXIT
  ((EUID != 0)) || chown "$os_user" "$workshop"
}
