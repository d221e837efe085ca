// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/advice.h"

#include <fmt/format.h>

#include <array>

namespace pgrepl::report {
namespace {

struct Text {
  std::string_view meaning, remedy;  // {s} is the standby, {u} its upstream
};

constexpr std::size_t kCauses = std::size(kLagCauses);

// In the order of LagCause.
constexpr std::array<Text, kCauses> kTexts = {{
    // different_system
    {"{s} is of another PostgreSQL system than its cluster (pg_control_system() differs): it can "
     "never replay WAL from there.",
     "Check the conninfo of {s} in the exporter's configuration. If it should be a standby here, "
     "make it anew with pg_basebackup."},
    // timeline_diverged
    {"{s} has replayed WAL that the primary's timeline left behind at a failover: it can't follow "
     "any more, and reads of it show what the primary never had.",
     "Save what it alone has, if that matters. Then stop it cleanly and run pg_rewind against the "
     "primary (needs wal_log_hints or data checksums), or make it anew with pg_basebackup."},
    // slot_lost
    {"The slot of {s} at {u} is lost: WAL that {s} still needs was removed there "
     "(max_slot_wal_keep_size; from 18 on also idle_replication_slot_timeout).",
     "A lost slot can't be used again: drop it and create it anew. If an archive has the WAL, set "
     "restore_command on {s} and it catches up; else re-seed {s} with pg_basebackup. Then raise "
     "the limit."},
    // wal_removed
    {"{u} no longer has the WAL that {s} needs next (the log of {s}: requested WAL segment has "
     "already been removed).",
     "If an archive has it, set restore_command on {s}, and it catches up; else re-seed {s} with "
     "pg_basebackup. A slot for {s}, or more wal_keep_size at {u}, prevents the next time."},
    // settings_too_low
    {"{s} came to a place in the WAL where the primary has higher settings than {s}, and stopped "
     "replay there.",
     "Raise them on {s} to the primary's values at least, and restart {s}. Do NOT call "
     "pg_wal_replay_resume(): it would shut {s} down."},
    // replay_paused
    {"Somebody paused replay on {s} with pg_wal_replay_pause(), or it reached its recovery target. "
     "WAL may still come in; readers see old data.",
     "When you know why it was, on {s}:\n"
     "SELECT pg_wal_replay_resume();\n"
     "If a recovery_target is set there, this ends recovery: {s} becomes a primary."},
    // pause_requested
    {"Somebody asked for a pause of replay on {s}, and replay hasn't come to it: it waits for "
     "something else.",
     "See below what it waits for. To take the request back, on {s}:\n"
     "SELECT pg_wal_replay_resume();"},
    // recovery_conflict
    {"Replay on {s} waits for a session there: a query needs what the next WAL record changes or "
     "removes.",
     "It goes on when that transaction ends, or when max_standby_streaming_delay is over (-1: "
     "never) and cancels it. To end it now, on {s}, find it and end its session:\n"
     "SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start LIMIT 5;\n"
     "SELECT pg_terminate_backend(PID);\n"
     "hot_standby_feedback on {s} prevents many such conflicts, not those with DDL."},
    // apply_delay
    {"{s} is set to replay late (recovery_min_apply_delay): this lag is intended.", ""},
    // upstream_lagging
    {"{s} has replayed what its upstream has; the lag is that of {u}.",
     "Look there: pg_replication_exporter explain {u}"},
    // replay_backlog
    {"{s} has received WAL that it hasn't replayed, and until it has, PostgreSQL starts no "
     "receiver again.",
     "Wait while `replayed` moves; after that it connects by itself. If it stands still, see the "
     "log of {s} and what its startup process waits for."},
    // waiting_for_archive
    {"{s} gets WAL from the archive alone, and the next segment isn't there.",
     "Is the primary's archiver well (pg_stat_archiver: last_failed_wal)? Does restore_command "
     "work (the log of {s})? On a quiet primary a segment is archived after archive_timeout."},
    // receiver_down
    {"{s} has no connection to its upstream: no WAL comes.",
     "The log of {s} says why (could not connect to the primary server: ...). Check there "
     "primary_conninfo and its password; at the upstream pg_hba.conf (replication), "
     "max_wal_senders, and that it runs; the network between."},
    // connection_stalled
    {"Both sides call {s} connected, and nothing comes over the link though WAL waits: a dead "
     "route, a firewall that dropped it, or a frozen process.",
     "wal_receiver_timeout (on {s}) and wal_sender_timeout (on {u}) end it by themselves, 60 s by "
     "default, and {s} connects anew. To do it now, on {u}, with the "
     "sender's pid below:\n"
     "SELECT pg_terminate_backend(PID);"},
    // catching_up
    {"{s} is connected again and is being sent the WAL that it missed.",
     "Wait while the bytes shrink. If they grow, more is written than goes through: see the "
     "stages below."},
    // sender_slow
    {"Most of the WAL waits at {u} to be sent to {s}: its sender doesn't get to it.",
     "On {u}: load, reads of pg_wal, and what the sender waits for (pg_stat_activity, "
     "backend_type walsender: WALRead is the disk, no wait event its CPU)."},
    // network
    {"The link from {u} to {s} carries less than is written.",
     "Look for a bulk load on the primary, and for bandwidth and losses (ss -ti on {u}). "
     "wal_compression on the primary makes WAL smaller."},
    // standby_disk
    {"WAL arrives at {s} faster than its disk takes it.",
     "On {s}: the disk under pg_wal (iostat -x), and what else uses it."},
    // replay_slow
    {"{s} has the WAL and replays it slower than it comes. Replay is one process.",
     "On {s}: is the startup process at 100 % CPU, or does it read (DataFileRead)? "
     "recovery_prefetch (15+) and more shared_buffers help with reads. A burst on the primary is "
     "caught up with by itself."},
    // unknown
    {"{s} lags, and nothing that can be seen from here says why.",
     "See what is missing below, and the log of {s}."},
    // none
    {"{s} keeps up.", ""},
}};

std::string Fill(std::string_view text, std::string_view standby, std::string_view upstream) {
  return fmt::format(fmt::runtime(text), fmt::arg("s", standby),
                     fmt::arg("u", upstream.empty() ? "its upstream" : upstream));
}

}  // namespace

Advice AdviceOn(LagCause cause, std::string_view standby, std::string_view upstream) {
  const Text& text = kTexts.at(static_cast<std::size_t>(cause));
  return {Fill(text.meaning, standby, upstream), Fill(text.remedy, standby, upstream)};
}

}  // namespace pgrepl::report
