// The last checkpoint of each server, on a standby the last restartpoint: how old it is, and how much
// WAL a crash would have to replay.
// Source: pg_control_checkpoint(), pg_control_recovery() (PostgreSQL manual, "Control Data
// Functions"), pg_catalog.pg_stat_checkpointer (17+, before: pg_stat_bgwriter).
// Privilege: none.
// What is due is counted before it is done, or skipped. A primary skips what is due by time while
// nothing was written. A standby tries every 15 s until its upstream sends a checkpoint, so of those
// attempts nothing is said: only what was done (17+).
// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kCauseLabels[] = {"cause"};

constexpr Family kTime{.name = "pgrepl_last_checkpoint_timestamp_seconds",
                       .help =
                           "When the last checkpoint that completed was begun; on a standby the "
                           "one of its primary that its last restartpoint stands on "
                           "(pg_control_checkpoint().checkpoint_time)."};
constexpr Family kAge{.name = "pgrepl_last_checkpoint_age_seconds",
                      .help =
                          "Age of the last checkpoint by the server's clock, which also grows "
                          "while an idle server skips checkpoints "
                          "(pg_control_checkpoint().checkpoint_time)."};
constexpr Family kSinceRedo{.name = "pgrepl_wal_since_redo_bytes",
                            .help =
                                "WAL from the redo point of the last checkpoint to the end: what "
                                "is replayed after a crash (pg_control_checkpoint().redo_lsn)."};
constexpr Family kTimeline{.name = "pgrepl_checkpoint_timeline",
                           .help =
                               "Timeline of the last checkpoint, on a promoted server the old one "
                               "until it has made one of its own: pg_rewind before 16 goes by it "
                               "(pg_control_checkpoint().timeline_id)."};
constexpr Family kDue{.name = "pgrepl_checkpoints_due_total",
                      .type = MetricType::kCounter,
                      .help =
                          "Checkpoints of a primary that came due by checkpoint_timeout, also "
                          "those skipped since nothing was written, or that were requested, by "
                          "max_wal_size or a command (pg_stat_checkpointer.num_timed, "
                          "num_requested; before 17 pg_stat_bgwriter.checkpoints_timed, "
                          "checkpoints_req).",
                      .labels = kCauseLabels};
constexpr Family kDone{.name = "pgrepl_checkpoints_done_total",
                       .type = MetricType::kCounter,
                       .help =
                           "Checkpoints that a primary completed, 18 and later "
                           "(pg_stat_checkpointer.num_done)."};
constexpr Family kRestartpoints{.name = "pgrepl_restartpoints_done_total",
                                .type = MetricType::kCounter,
                                .help =
                                    "Restartpoints that a standby completed, 17 and later "
                                    "(pg_stat_checkpointer.restartpoints_done)."};
constexpr Family kMinRecoveryEnd{.name = "pgrepl_min_recovery_end_bytes",
                                 .help =
                                     "Position up to which a restarted standby must replay before "
                                     "it answers, bytes since 0/0 "
                                     "(pg_control_recovery().min_recovery_end_lsn)."};
constexpr Family kUntilConsistent{.name = "pgrepl_wal_until_consistent_bytes",
                                  .help =
                                      "WAL between redo point and minimum recovery end, which a "
                                      "restarted standby must replay before it answers "
                                      "(pg_control_checkpoint().redo_lsn, "
                                      "pg_control_recovery().min_recovery_end_lsn)."};

constexpr const Family* kFamilies[] = {
    &kTime, &kAge,           &kSinceRedo,      &kTimeline,       &kDue,
    &kDone, &kRestartpoints, &kMinRecoveryEnd, &kUntilConsistent};

constexpr std::string_view kOfPrimaries = R"sql(
SELECT extract(epoch FROM c.checkpoint_time)::float8,
       extract(epoch FROM clock_timestamp() - c.checkpoint_time)::float8,
       pg_wal_lsn_diff(CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END,
                       c.redo_lsn)::float8,
       c.timeline_id,)sql";
constexpr std::string_view kPrimary18 = R"sql(
       s.num_timed, s.num_requested, s.num_done,
       NULL, NULL, NULL
  FROM pg_control_checkpoint() AS c, pg_stat_checkpointer AS s
)sql";
constexpr std::string_view kPrimary17 = R"sql(
       s.num_timed, s.num_requested, NULL,
       NULL, NULL, NULL
  FROM pg_control_checkpoint() AS c, pg_stat_checkpointer AS s
)sql";
constexpr std::string_view kPrimary12 = R"sql(
       s.checkpoints_timed, s.checkpoints_req, NULL,
       NULL, NULL, NULL
  FROM pg_control_checkpoint() AS c, pg_stat_bgwriter AS s
)sql";
// After the end of recovery the minimum is 0/0, which is no position.
constexpr std::string_view kOfStandbys = R"sql(
SELECT extract(epoch FROM c.checkpoint_time)::float8,
       extract(epoch FROM clock_timestamp() - c.checkpoint_time)::float8,
       pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
                       c.redo_lsn)::float8,
       c.timeline_id,)sql";
constexpr std::string_view kStandby17 = R"sql(
       NULL, NULL, NULL,
       s.restartpoints_done,
       nullif(r.min_recovery_end_lsn, '0/0'),
       pg_wal_lsn_diff(nullif(r.min_recovery_end_lsn, '0/0'), c.redo_lsn)::float8
  FROM pg_control_checkpoint() AS c, pg_control_recovery() AS r, pg_stat_checkpointer AS s
)sql";
constexpr std::string_view kStandby12 = R"sql(
       NULL, NULL, NULL,
       NULL,
       nullif(r.min_recovery_end_lsn, '0/0'),
       pg_wal_lsn_diff(nullif(r.min_recovery_end_lsn, '0/0'), c.redo_lsn)::float8
  FROM pg_control_checkpoint() AS c, pg_control_recovery() AS r
)sql";

constexpr Statement kStatements[] = {
    {.min_version = PgVersion(18),
     .role = Role::kPrimary,
     .sql = kJoined<kOfPrimaries, kPrimary18>},
    {.min_version = PgVersion(17),
     .role = Role::kPrimary,
     .sql = kJoined<kOfPrimaries, kPrimary17>},
    {.role = Role::kPrimary, .sql = kJoined<kOfPrimaries, kPrimary12>},
    {.min_version = PgVersion(17), .role = Role::kStandby, .sql = kJoined<kOfStandbys, kStandby17>},
    {.role = Role::kStandby, .sql = kJoined<kOfStandbys, kStandby12>},
};

enum Column {
  kCheckpointTime,
  kCheckpointAge,
  kRedoDistance,
  kTimelineId,
  kTimed,
  kRequested,
  kNumDone,
  kRestartpointsDone,
  kMinEnd,
  kMinEndDistance,
};

struct CheckpointFact {
  std::optional<double> time, age, since_redo, timeline;
  std::optional<double> timed, requested, done;  ///< of a primary
  std::optional<double> restartpoints, until_consistent;
  std::optional<Lsn> min_recovery_end;
};

// Clocks and positions that are read apart may cross.
std::optional<double> NotNegative(std::optional<double> value) {
  return value && *value < 0 ? 0 : value;
}

Result<CheckpointFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  return CheckpointFact{.time = row.Number(kCheckpointTime),
                        .age = NotNegative(row.Number(kCheckpointAge)),
                        .since_redo = NotNegative(row.Number(kRedoDistance)),
                        .timeline = row.Number(kTimelineId),
                        .timed = row.Number(kTimed),
                        .requested = row.Number(kRequested),
                        .done = row.Number(kNumDone),
                        .restartpoints = row.Number(kRestartpointsDone),
                        .until_consistent = NotNegative(row.Number(kMinEndDistance)),
                        .min_recovery_end = row.Position(kMinEnd)};
}

void Emit(const CheckpointFact& fact, Samples& samples) {
  samples.Add(kTime, fact.time);
  samples.Add(kAge, fact.age);
  samples.Add(kSinceRedo, fact.since_redo);
  samples.Add(kTimeline, fact.timeline);
  samples.Add(kDue, fact.timed, {"timed"});
  samples.Add(kDue, fact.requested, {"requested"});
  samples.Add(kDone, fact.done);
  samples.Add(kRestartpoints, fact.restartpoints);
  if (fact.min_recovery_end) {
    samples.Add(kMinRecoveryEnd, static_cast<double>(fact.min_recovery_end->bytes));
  }
  samples.Add(kUntilConsistent, fact.until_consistent);
}

}  // namespace

extern const Collector kCheckpoint;
constexpr Collector kCheckpoint{.name = "checkpoint",
                                .help = "the last checkpoint, and what a crash would replay",
                                .cadence = Cadence::kNormal,
                                .families = kFamilies,
                                .statements = kStatements,
                                .decode = DecodeAs<CheckpointFact, Decode>,
                                .emit = EmitFact<CheckpointFact, Emit>};

}  // namespace pgrepl
