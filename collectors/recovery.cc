// What keeps a standby's replay waiting, while there is something to replay.
// Source: pg_catalog.pg_stat_activity, the row of backend_type startup (PostgreSQL manual,
// "pg_stat_activity", "Wait Events").
// Privilege: pg_read_all_stats (in pg_monitor), else other processes' columns are NULL.
// Always one row. pg_stat_activity costs about 2 us per connection of the server, so it is read only
// while received WAL is not replayed, or nothing is being received: then WAL may come from an
// archive. Else the statement takes 0.06 ms, however many connections there are.
// Without a wait event are pauses and conflicts over snapshots on 12, restore_command below 15.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/recovery.h"

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kReasonLabels[] = {"reason"};
constexpr std::string_view kReasons[] = {
    "recovery_conflict", "lock", "buffer_pin", "pause", "apply_delay",
    "archive",           "wal",  "io",         "none",  "other"};

constexpr Family kWaiting{.name = "pgrepl_recovery_waiting",
                          .help =
                              "What the startup process waits for, one-hot; none while it works "
                              "or has nothing to replay (pg_stat_activity.wait_event_type, "
                              "wait_event).",
                          .labels = kReasonLabels};

constexpr const Family* kFamilies[] = {&kWaiting};

// The condition stands in a SELECT of its own: evaluated once, it keeps the function behind the view
// from being called at all. Before 15 every member of pg_read_all_stats saw all, later those who
// inherit from it.
constexpr Statement kStatements[] = {{.role = Role::kStandby, .sql = R"sql(
SELECT pg_has_role('pg_read_all_stats',
                   CASE WHEN current_setting('server_version_num')::int < 150000
                        THEN 'MEMBER' ELSE 'USAGE' END),
       bool_or(backend_type = 'startup'),
       max(wait_event_type) FILTER (WHERE backend_type = 'startup'),
       max(wait_event) FILTER (WHERE backend_type = 'startup'),
       extract(epoch FROM clock_timestamp() - min(xact_start) FILTER (
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()))::float8
  FROM pg_stat_activity
 WHERE (SELECT pg_is_in_recovery()
               AND (coalesce(pg_last_wal_receive_lsn(), 'FFFFFFFF/FFFFFFFF')
                    > pg_last_wal_replay_lsn()
                    OR NOT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')))
)sql"}};

enum Column { kMaySee, kStartupSeen, kWaitEventType, kWaitEvent, kOldest };

Result<RecoveryFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  if (!row.Bool(kMaySee).value_or(false)) {
    return Error{"pg_stat_activity hides the startup process from this role", "42501",
                 "GRANT pg_monitor TO the exporter's role."};
  }
  return RecoveryFact{.startup_seen = row.Bool(kStartupSeen).value_or(false),
                      .wait_event_type = row.Name(kWaitEventType),
                      .wait_event = row.Name(kWaitEvent),
                      .oldest_transaction = row.Number(kOldest)};
}

// Events first: pauses and conflicts are IPC, the rest of the recovery's own Activity or Timeout.
std::string_view ReasonOf(const RecoveryFact& fact) {
  const std::string_view type = fact.wait_event_type;
  const std::string_view event = fact.wait_event;
  if (event.starts_with("RecoveryConflict")) return "recovery_conflict";
  if (event == "RecoveryPause") return "pause";
  if (event == "RecoveryApplyDelay") return "apply_delay";
  if (event == "RestoreCommand") return "archive";
  if (event.starts_with("RecoveryWal") || event == "RecoveryRetrieveRetryInterval") return "wal";
  if (type == "Lock") return "lock";
  if (type == "BufferPin") return "buffer_pin";
  if (type == "IO") return "io";
  return type.empty() ? "none" : "other";
}

void Emit(const RecoveryFact& fact, Samples& samples) {
  samples.AddStates(kWaiting, kReasons, fact.startup_seen ? ReasonOf(fact) : "none");
}

}  // namespace

extern const Collector kRecovery;
constexpr Collector kRecovery{.name = "recovery",
                              .help = "what keeps each standby's replay waiting",
                              .cadence = Cadence::kPulse,
                              .families = kFamilies,
                              .statements = kStatements,
                              .privilege = "pg_monitor",
                              .decode = DecodeAs<RecoveryFact, Decode>,
                              .emit = EmitFact<RecoveryFact, Emit>};

}  // namespace pgrepl
