# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # what is set here is read by those who source it
# The options that all scripts have, and how each is read.
#
# Sourced by cluster.sh, which brings usage_error.

data_dir='' bin_dir='' os_user='' cluster=''
replication_user=replicator replication_password_file='' monitor_user=pgrepl_monitor
dry_run=false assume_yes=false
allow=()                 # addresses of --allow, as pg_hba.conf wants them
declare -A asked=()      # settings given by --port, --listen, --set and the like

common_usage() {
  cat <<'END'
  --cluster VERSION/NAME  a cluster of pg_lsclusters; not needed where there is only one
  --data-dir DIR          a data directory outside Debian's layout
  --port N                its port (default: as configured, else 5432)
  --bin-dir DIR           where postgres, initdb, pg_ctl are (default: found)
  --socket-dir DIR        its Unix socket (default: as configured, else the parent of --data-dir)
  --os-user USER          who runs the server, when started as root (default: postgres)
  --listen ADDR           listen_addresses (default: as configured, else localhost; * with --allow
                          in Debian's layout: pg_hba.conf then says who comes in)
  --allow CIDR            an address or network that may replicate and monitor; repeatable
  --replication-user NAME            default replicator
  --replication-password-file FILE   its first line; without it you are asked
  --monitor-user NAME                default pgrepl_monitor
  --set NAME=VALUE        any further setting; repeatable
  --yes                   do not ask before a restart or a replacement
  --dry-run               say what would be done, touch nothing
  --help                  this text
END
}

# read_options [ARGUMENT]... reads each by the script's own_option, which gives take_option what isn't its
# own, and sets taken to 1 for what has no value.
read_options() {
  while (($#)); do
    if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
    taken=2
    own_option "$@"
    shift "$taken"
  done
}

# take_option OPTION [VALUE]... reads one option that all scripts have; sets taken to its length.
take_option() {
  case $1 in
    --yes) assume_yes=true taken=1 ;;
    --dry-run) dry_run=true taken=1 ;;
    --help | -h) usage && exit 0 ;;
    -*) (($# > 1)) || usage_error "$1: unknown, or its value is missing" ;;&
    --cluster) cluster=$2 ;;
    --data-dir) data_dir=$(readlink -m -- "$2") ;;
    --port) asked[port]=$(port_number "$2") ;;
    --bin-dir) bin_dir=$(readlink -m -- "$2") ;;
    --socket-dir) asked[unix_socket_directories]=$(readlink -m -- "$2") ;;
    --os-user) os_user=$2 ;;
    --listen) asked[listen_addresses]=$2 ;;
    --allow) allow+=(''); allow[-1]=$(hba_address "$2") ;;
    --replication-user) replication_user=$(identifier "$2") ;;
    --replication-password-file) replication_password_file=$(readlink -m -- "$2") ;;
    --monitor-user) monitor_user=$(identifier "$2") ;;
    --set) remember_setting "$2" ;;
    *) usage_error "$1: unknown option" ;;
  esac
}

# Role and slot names go into SQL and pg_hba.conf as they are, so they must be plain.
identifier() {
  [[ $1 =~ ^[a-z_][a-z0-9_]{0,62}$ && $1 != all ]] ||
    usage_error "'$1' is no name this kit uses: small letters, digits and _, at most 63"
  printf '%s' "$1"
}

port_number() {
  [[ $1 =~ ^[1-9][0-9]{0,4}$ && $1 -lt 65536 ]] || usage_error "'$1': not a port"
  printf '%s' "$1"
}

host() {
  [[ $1 =~ ^[A-Za-z0-9./:_-]+$ ]] || usage_error "'$1': not a host name or address"
  printf '%s' "$1"
}

# A directory named in a shell command that PostgreSQL fills in.
archive_path() {
  local path
  path=$(readlink -m -- "$1")
  [[ $path != *[!A-Za-z0-9_./\ +@:,=-]* ]] ||
    usage_error "--archive-dir '$path': has a character the shell or PostgreSQL would read"
  printf '%s' "$path"
}

hba_address() {
  case $1 in
    *[!A-Za-z0-9.:/_-]* | '') usage_error "--allow '$1': not an address, network or host name" ;;
    */*) printf '%s' "$1" ;;
    *:*) printf '%s/128' "$1" ;;
    *[!0-9.]*) printf '%s' "$1" ;;
    *) printf '%s/32' "$1" ;;
  esac
}

remember_setting() {
  [[ $1 =~ ^([A-Za-z_][A-Za-z0-9_.]*)=(.*)$ ]] || usage_error "--set '$1': not NAME=VALUE"
  asked[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
}
