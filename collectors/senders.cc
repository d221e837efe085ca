// Who streams from each server, in which state, and what the server itself says of their lag.
// Source: the functions behind pg_catalog.pg_stat_replication, pg_stat_activity, pg_replication_slots
// (PostgreSQL manual, "pg_stat_replication"). Columns are the same in 12-18. The view looks for its
// senders among all sessions: with two of them it takes 0.10 ms, with 200 connections beside 0.26; the
// functions, asked for the senders alone, 0.06 and 0.07 (PostgreSQL 15).
// Privilege: pg_monitor, else all columns but pid and names are NULL.
// Zero rows: nobody streams from this server; the counts say 0.
// The *_lag columns are stale while a standby is stalled and NULL once it has caught up: what the
// alert needs is pgrepl_lag_seconds.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/senders.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kCountLabels[] = {"kind", "state"};
constexpr std::string_view kStageLabels[] = {"standby", "stage"};
constexpr std::string_view kStandbyLabels[] = {"standby"};
constexpr std::string_view kSyncLabels[] = {"standby", "sync_state"};
constexpr std::string_view kInfoLabels[] = {"standby", "application_name", "client_addr",
                                            "slot_name"};
constexpr std::string_view kStates[] = {"startup", "catchup",  "streaming",
                                        "backup",  "stopping", "other"};
constexpr std::string_view kSyncStates[] = {"async", "potential", "sync", "quorum", "other"};

constexpr Family kCount{.name = "pgrepl_senders",
                        .help =
                            "WAL senders by kind and state, at most max_wal_senders; 0 when "
                            "the server is down, the last known while only we can't reach "
                            "it (pg_stat_replication.state).",
                        .labels = kCountLabels};
constexpr Family kLagSeconds{.name = "pgrepl_sender_lag_seconds",
                             .help =
                                 "Lag as the upstream says (pg_stat_replication.write_lag, "
                                 "flush_lag, replay_lag): stale while the standby is stalled, "
                                 "absent once it has caught up.",
                             .labels = kStageLabels};
constexpr Family kReplyAge{.name = "pgrepl_sender_reply_age_seconds",
                           .help =
                               "Exporter's time since the standby's last reply was seen to "
                               "change (pg_stat_replication.reply_time); grows on after it "
                               "disconnects.",
                           .labels = kStandbyLabels};
constexpr Family kSyncState{.name = "pgrepl_sender_sync_state",
                            .help =
                                "Synchronous state, one-hot; all 0 while disconnected "
                                "(pg_stat_replication.sync_state).",
                            .labels = kSyncLabels};
constexpr Family kSyncPriority{.name = "pgrepl_sender_sync_priority",
                               .help =
                                   "Place in synchronous_standby_names, 0 for a standby that "
                                   "isn't in it (pg_stat_replication.sync_priority).",
                               .labels = kStandbyLabels};
constexpr Family kXminAge{.name = "pgrepl_sender_xmin_age",
                          .help =
                              "Transactions that the standby's feedback keeps vacuum from "
                              "cleaning up; with a slot see pgrepl_slot_xmin_age "
                              "(pg_stat_replication.backend_xmin).",
                          .labels = kStandbyLabels};
constexpr Family kInfo{.name = "pgrepl_sender_info",
                       .help =
                           "Text facts of a connected standby, value 1 "
                           "(pg_stat_replication.application_name, client_addr; "
                           "pg_replication_slots.slot_name).",
                       .labels = kInfoLabels};

constexpr const Family* kFamilies[] = {&kCount,        &kLagSeconds, &kReplyAge, &kSyncState,
                                       &kSyncPriority, &kXminAge,    &kInfo};

// Newest first: while a standby that came back still has its old sender, the new one is the one that
// counts. The position compared with is read in the same select list: read before, differences go negative.
constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT r.pid,
       a.application_name,
       host(a.client_addr),
       r.state,
       s.slot_name,
       s.slot_type,
       s.temporary,
       CASE WHEN pg_is_in_recovery()
            THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
            ELSE pg_current_wal_flush_lsn() END,
       r.sent_lsn,
       r.write_lsn,
       r.flush_lsn,
       r.replay_lsn,
       extract(epoch FROM r.write_lag)::float8,
       extract(epoch FROM r.flush_lag)::float8,
       extract(epoch FROM r.replay_lag)::float8,
       extract(epoch FROM r.reply_time)::float8,
       r.sync_state,
       a.wait_event,
       r.sync_priority,
       age(a.backend_xmin)
  FROM pg_stat_get_wal_senders() r
 CROSS JOIN LATERAL pg_stat_get_activity(r.pid) a
  LEFT JOIN pg_get_replication_slots() s ON s.active_pid = r.pid
 ORDER BY a.backend_start DESC, r.pid
 LIMIT 1000
)sql"}};

enum Column {
  kPid,
  kApplicationName,
  kClientAddr,
  kState,
  kSlotName,
  kSlotType,
  kTemporary,
  kCurrent,
  kSent,
  kWritten,
  kFlushed,
  kReplayed,
  kWriteLag,
  kFlushLag,
  kReplayLag,
  kReplyTime,
  kSync,
  kWaitEvent,
  kPriority,
  kXmin,
};

// pg_basebackup has two senders: one in state backup, one streaming beside it with a temporary
// slot. pg_receivewal streams and never replays.
SenderKind KindOf(const Sender& sender, std::string_view slot_type) {
  if (slot_type == "logical") return SenderKind::kLogical;
  if (sender.state == "backup") return SenderKind::kBackup;
  if (sender.temporary_slot && sender.slot_name.starts_with("pg_basebackup_")) {
    return SenderKind::kBackup;
  }
  if (!sender.replayed && sender.written) {
    return sender.application_name == "pg_basebackup" ? SenderKind::kBackup
                                                      : SenderKind::kReceivewal;
  }
  return SenderKind::kStandby;
}

// Before its first reply a sender has sent no feedback: what shows then is the snapshot of its login.
std::optional<double> XminAgeOf(const Row& row) {
  return row.Number(kReplyTime) ? row.Number(kXmin) : std::nullopt;
}

Sender DecodeRow(const Row& row) {
  Sender sender{.pid = row.Integer(kPid).value_or(0),
                .application_name = row.Name(kApplicationName),
                .client_addr = row.Name(kClientAddr),
                .state = row.Name(kState),
                .slot_name = row.Name(kSlotName),
                .temporary_slot = row.Bool(kTemporary).value_or(false),
                .current = row.Position(kCurrent),
                .sent = row.Position(kSent),
                .written = row.Position(kWritten),
                .flushed = row.Position(kFlushed),
                .replayed = row.Position(kReplayed),
                .write_lag = row.Number(kWriteLag),
                .flush_lag = row.Number(kFlushLag),
                .replay_lag = row.Number(kReplayLag),
                .reply_time = row.Number(kReplyTime),
                .sync_state = row.Name(kSync),
                .sync_priority = row.Number(kPriority),
                .xmin_age = XminAgeOf(row),
                .wait_event = row.Name(kWaitEvent)};
  sender.kind = KindOf(sender, row.Text(kSlotType).value_or(""));
  return sender;
}

Result<SendersFact> Decode(const Rows& rows) {
  SendersFact fact;
  for (int i = 0; i < rows.size(); ++i) {
    if (!rows[i].Text(kState)) {
      return Error{"pg_stat_replication hides its columns from this role", "42501",
                   "GRANT pg_monitor TO the exporter's role."};
    }
    fact.senders.push_back(DecodeRow(rows[i]));
  }
  return fact;
}

void EmitCounts(const SendersFact& fact, Samples& samples) {
  for (std::size_t kind = 0; kind < std::size(kSenderKinds); ++kind) {
    for (const std::string_view state : kStates) {
      const auto count =
          std::count_if(fact.senders.begin(), fact.senders.end(), [&](const Sender& sender) {
            const bool known = std::find(std::begin(kStates), std::end(kStates), sender.state) !=
                               std::end(kStates);
            return static_cast<std::size_t>(sender.kind) == kind &&
                   (known ? sender.state == state : state == "other");
          });
      samples.Add(kCount, static_cast<double>(count), {kSenderKinds[kind], state});
    }
  }
}

void EmitSender(const SenderView& sender, Samples& samples) {
  const std::string_view standby = sender.standby;
  samples.Add(kReplyAge, sender.reply_age_seconds, {standby});
  const Sender* row = sender.row;
  samples.AddStates(
      kSyncState, kSyncStates,
      row != nullptr ? std::optional<std::string_view>(row->sync_state) : std::nullopt, {standby});
  if (row == nullptr) return;
  samples.Add(kLagSeconds, row->write_lag, {standby, "write"});
  samples.Add(kLagSeconds, row->flush_lag, {standby, "flush"});
  samples.Add(kLagSeconds, row->replay_lag, {standby, "replay"});
  samples.Add(kSyncPriority, row->sync_priority, {standby});
  samples.Add(kXminAge, row->xmin_age, {standby});
  samples.Add(kInfo, 1, {standby, row->application_name, row->client_addr, row->slot_name});
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  const auto* fact = static_cast<const SendersFact*>(opaque);
  if (!server.up && RefusesConnections(server.reason)) {
    EmitCounts({}, samples);
  } else if (fact != nullptr) {
    EmitCounts(*fact, samples);
  }
  for (const SenderView& sender : server.senders) EmitSender(sender, samples);
}

}  // namespace

extern const Collector kSenders;
constexpr Collector kSenders{.name = "senders",
                             .help = "WAL senders by kind and state, and each standby's",
                             .cadence = Cadence::kPulse,
                             .families = kFamilies,
                             .statements = kStatements,
                             .privilege = "pg_monitor, once there are senders",
                             .keep_while_down = true,
                             .decode = DecodeAs<SendersFact, Decode>,
                             .emit = Emit};

}  // namespace pgrepl
