#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a standby the primary: only when the server it follows is gone, and when it is the one to
# choose. Then proves that it writes, and says what is left to do. See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

exporter='' watched_as='' force=false
followed=''            # HOST:PORT of the upstream, for people
conninfo=''            # primary_conninfo

usage() {
  cat <<END
Usage: $program [OPTION]...
Promotes the standby on this host. Run again on a primary, it does nothing.

  --exporter URL          the exporter to ask whether this standby is the one to choose, as
                          http://monitor:9717
  --watched-as NAME       what the exporter calls it, NAME or CLUSTER/NAME (default: cluster_name)
  --force                 promote though the server it follows answers, or another standby should
                          be chosen: two primaries, or lost transactions, are then yours
END
  common_usage
}

own_option() {
  case $1 in
    --force) force=true taken=1 ;;
    --exporter | --watched-as) (($# > 1)) || usage_error "$1: its value is missing" ;;&
    --exporter) exporter=${2%/} ;;
    --watched-as) watched_as=$2 ;;
    *) take_option "$@" ;;
  esac
}

# ---- Before -------------------------------------------------------------------------------------

meet_standby() {
  is_running || die "no server runs in $data_dir" \
    'start it first: it must replay what it has before it can be promoted'
  [[ $(query 'SELECT pg_is_in_recovery()') == t ]] || {
    say "Nothing to do: $data_dir is a primary already, on timeline $(timeline)."
    exit 0
  }
  watched_as=${watched_as:-$(query 'SHOW cluster_name')}
  conninfo=$(query "SELECT setting FROM pg_settings WHERE name = 'primary_conninfo'")
  followed=$(conninfo_value host):$(conninfo_value port)
  say "Standby ${watched_as:-without a name} in $data_dir, PostgreSQL $version, port $port," \
    "following $followed, has received WAL up to $(query \
      'SELECT coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())')"
}

conninfo_value() { sed -En "s/.*\\b$1 *= *'?([^ ']*).*/\\1/p" <<<"$conninfo"; }

timeline() {
  query "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"
}

# A server that was left running takes writes that this one will never have.
refuse_while_upstream_answers() {
  local answer
  [[ -n $conninfo ]] || {
    warn 'primary_conninfo is not set: nobody was asked whether the primary is gone'
    return 0
  }
  if answer=$(as_server "$psql" -XAtqw -d "$conninfo replication=true" -c IDENTIFY_SYSTEM 2>&1); then
    answer='it answers'
  elif [[ $answer == *'Connection refused'* ]]; then
    say "  $followed refuses connections: no server runs there"
    return 0
  elif [[ $answer == *'timeout expired'* || $answer == *'timed out'* || $answer == *'No route'* ||
    $answer == *'Connection reset'* || $answer == *'could not translate'* ]]; then
    warn "$followed can't be reached from here, which doesn't say that it is down: see that it \
takes no writes from anybody (stop it, or cut it off) before clients come here"
    return 0
  fi
  overrule "$followed still serves: $answer" \
    "stop it first (there: systemctl stop postgresql, or pg_ctl stop -m fast), and run this again"
}

# overrule WHAT WHAT_TO_DO: the end of the run, unless --force.
overrule() {
  $force || die "$1" "$2; or --force"
  warn "$1; going on, as --force says"
}

# ---- The right one ------------------------------------------------------------------------------

refuse_another_candidate() {
  local rows mine best tries
  [[ -n $exporter ]] || {
    warn 'nobody was asked whether another standby has more WAL: give --exporter'
    return 0
  }
  # What it says is of its last pulse: the last WAL of a primary that has just died may be on the way.
  for tries in 1 2 3 4; do
    ask_exporter
    [[ ${mine##* } != best ]] || {
      say "  the exporter would choose it"
      return 0
    }
    ((tries == 4)) || sleep 1
  done
  best=$(awk -v cluster="${mine%% *}" '$1 == cluster && $3 == "best" { print $2 }' <<<"$rows")
  overrule "the exporter would not choose $watched_as (${mine##* }), but ${best:-nobody}" \
    "promote ${best:-the one that its page shows}"
}

# Sets the rows of all candidates, and that of this standby.
ask_exporter() {
  local page
  page=$(curl -fsS --max-time 10 "$exporter/metrics" 2>&1) ||
    die "cannot ask the exporter at $exporter: $page" 'correct --exporter, or leave it out'
  rows=$(candidates <<<"$page")
  mine=$(awk -v name="$watched_as" '$1 "/" $2 == name || $2 == name' <<<"$rows")
  [[ -n $mine ]] || die "the exporter at $exporter knows no standby '$watched_as', but: $(
    awk '{ printf "%s/%s ", $1, $2 }' <<<"$rows")" 'say what it is called there: --watched-as'
  [[ $mine != *$'\n'* ]] || die "the exporter watches several standbys '$watched_as': $(
    awk '{ printf "%s/%s ", $1, $2 }' <<<"$mine")" 'say which: --watched-as CLUSTER/NAME'
}

# CLUSTER SERVER REASON of each standby, of a page of metrics.
candidates() {
  sed -En 's/^pgrepl_failover_candidate\{pg_cluster="([^"]*)",server="([^"]*)",reason="([^"]*)"\} 1$/\1 \2 \3/p'
}

# ---- Promotion ----------------------------------------------------------------------------------

promote() {
  confirm "$data_dir becomes a primary on a timeline of its own, for which there is no way back"
  act 'promote it' control promote
  if $dry_run; then return; fi
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    [[ $(query 'SELECT pg_is_in_recovery()') != f ]] || return 0
    sleep 0.1
  done
  die 'it is still in recovery after a minute' "see $log_file for what it replays"
}

# Without waiting for a synchronous standby that isn't there yet. The checkpoint puts the new timeline
# into the control file: before PostgreSQL 16 pg_rewind looks there, and sees no difference else.
verify() {
  local write
  write=$(query 'SET synchronous_commit = local; SELECT txid_current(); CHECKPOINT') ||
    die 'it does not write' "see $log_file"
  say 'Verified:'
  say "  pg_is_in_recovery() = $(query 'SELECT pg_is_in_recovery()'), timeline $(timeline)"
  say "  it writes: transaction $write"
  if [[ -n $(query 'SHOW synchronous_standby_names') && $(query "SELECT count(*) FROM
      pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") == 0 ]]; then
    warn "commits wait: nobody of synchronous_standby_names = '$(query \
      'SHOW synchronous_standby_names')' follows yet"
  fi
}

next_steps() {
  if $dry_run; then
    say "Dry run: $changes steps, nothing touched."
    return
  fi
  local here=${HOSTNAME:-THIS_HOST}
  cat <<END
Done. What is left:
  clients               to $here, port $port (the address they use, a DNS name, HAProxy, a VIP)
  here                  setup_primary.sh: archive, slots and room for standbys
  the other standbys    on each: setup_standby.sh $here --primary-port $port
  $followed (the old primary)    there, before it starts again: rejoin_standby.sh $here --primary-port $port
  a backup              of the new timeline
END
}

main() {
  read_options "$@"
  find_cluster
  meet_standby
  refuse_while_upstream_answers
  refuse_another_candidate
  promote
  if ! $dry_run; then verify; fi
  next_steps
}

main "$@"
