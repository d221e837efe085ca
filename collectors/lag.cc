// How far each standby is behind its primary, in seconds and bytes, and how sure that is.
// Source: pg_current_wal_flush_lsn(), pg_current_snapshot() on a primary;
// pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_get_wal_replay_pause_state() (14+,
// before: pg_is_wal_replay_paused()) on a standby (PostgreSQL manual, "Backup Control Functions",
// "Recovery Information Functions"). Privilege: none. What is read here is a position; the lag
// itself is computed in exporter/cluster.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/lag.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kStageLabels[] = {"stage"};
constexpr std::string_view kBoundLabels[] = {"bound"};
constexpr std::string_view kSourceLabels[] = {"source"};
constexpr std::string_view kCauseLabels[] = {"cause"};
constexpr std::string_view kStateLabels[] = {"state"};
constexpr std::string_view kPauseStates[] = {"not_paused", "pause_requested", "paused", "other"};

constexpr Family kSeconds{
    .name = "pgrepl_lag_seconds",
    .help =
        "How stale a read on this standby is: 0 when every transaction that came or went on "
        "the primary is replayed, else the time since the first that is not.",
    .on = "standbys"};
constexpr Family kKnown{.name = "pgrepl_lag_known",
                        .help = "0 when pgrepl_lag_seconds is a bound, not a measurement.",
                        .on = "standbys"};
constexpr Family kBound{.name = "pgrepl_lag_bound",
                        .help = "How pgrepl_lag_seconds relates to the truth, one-hot.",
                        .labels = kBoundLabels,
                        .on = "standbys"};
constexpr Family kSource{.name = "pgrepl_lag_source",
                         .help = "What the lag was measured against, one-hot.",
                         .labels = kSourceLabels,
                         .on = "standbys"};
constexpr Family kCause{.name = "pgrepl_lag_cause",
                        .help = "Why the standby lags, one-hot; none while it doesn't.",
                        .labels = kCauseLabels,
                        .on = "standbys"};
constexpr Family kBytes{.name = "pgrepl_lag_bytes",
                        .help =
                            "WAL bytes between two stages on the way to being replayed: not "
                            "sent, sent not written, written not flushed, flushed not "
                            "replayed; total is primary's flush to standby's replay.",
                        .labels = kStageLabels,
                        .on = "standbys"};
constexpr Family kApplyDelay{.name = "pgrepl_apply_delay_seconds",
                             .help = "Intended delay of replay (recovery_min_apply_delay).",
                             .on = "standbys"};
constexpr Family kThreshold{.name = "pgrepl_lag_threshold_seconds",
                            .help = "The lag above which the alert fires (config: max_lag).",
                            .on = "standbys"};
constexpr Family kCaughtUpOnce{
    .name = "pgrepl_caught_up_once",
    .help = "1 once the standby was seen within a second of its primary.",
    .on = "standbys"};
constexpr Family kConnected{
    .name = "pgrepl_standby_connected",
    .help =
        "1 when the standby is connected to its upstream, streaming or catching up or, with "
        "its state hidden from the exporter's role, in whichever "
        "(pg_stat_replication.state or pg_stat_wal_receiver.status).",
    .on = "standbys"};
constexpr Family kStreaming{.name = "pgrepl_standby_streaming",
                            .help =
                                "1 when the standby's sender or receiver says streaming; absent "
                                "while that is hidden from the exporter's role.",
                            .on = "standbys"};
constexpr Family kReplayPaused{
    .name = "pgrepl_replay_paused",
    .help = "State of WAL replay, one-hot (pg_get_wal_replay_pause_state()).",
    .labels = kStateLabels,
    .on = "standbys"};
constexpr Family kPosition{.name = "pgrepl_wal_position_bytes",
                           .help =
                               "Flushed WAL position of a primary, replayed position of a "
                               "standby, bytes since 0/0; steps back on a rewind."};

constexpr const Family* kFamilies[] = {
    &kSeconds,   &kKnown,        &kBound,     &kSource,    &kCause,        &kBytes,   &kApplyDelay,
    &kThreshold, &kCaughtUpOnce, &kConnected, &kStreaming, &kReplayPaused, &kPosition};

// A change of role between planning and running must not put errors into the server's log: what
// fails outside of recovery, or in it, stands behind pg_is_in_recovery().
// hashtextextended: a snapshot's text grows with the transactions in progress, its hash doesn't.
constexpr std::string_view kPrimary13 = R"sql(
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END,
       hashtextextended(pg_current_snapshot()::text, 0),
       NULL, pg_last_wal_replay_lsn(), NULL, NULL,
       CASE WHEN NOT pg_is_in_recovery()
            THEN ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int
            END, NULL, NULL
)sql";
constexpr std::string_view kPrimary12 = R"sql(
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() END,
       hashtextextended(txid_current_snapshot()::text, 0),
       NULL, pg_last_wal_replay_lsn(), NULL, NULL,
       CASE WHEN NOT pg_is_in_recovery()
            THEN ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int
            END, NULL, NULL
)sql";
constexpr std::string_view kStandby14 = R"sql(
SELECT NULL,
       hashtextextended(pg_current_snapshot()::text, 0),
       pg_last_wal_receive_lsn(),
       pg_last_wal_replay_lsn(),
       CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() END,
       extract(epoch FROM current_setting('recovery_min_apply_delay')::interval)::float8,
       greatest(c.timeline_id, r.min_recovery_end_timeline),
       CASE WHEN c.timeline_id >= r.min_recovery_end_timeline THEN c.checkpoint_lsn END,
       CASE WHEN r.min_recovery_end_timeline >= c.timeline_id THEN r.min_recovery_end_lsn END
  FROM pg_control_checkpoint() c, pg_control_recovery() r
)sql";
constexpr std::string_view kStandby12 = R"sql(
SELECT NULL,
       hashtextextended(txid_current_snapshot()::text, 0),
       pg_last_wal_receive_lsn(),
       pg_last_wal_replay_lsn(),
       CASE WHEN NOT pg_is_in_recovery() THEN NULL
            WHEN pg_is_wal_replay_paused() THEN 'paused' ELSE 'not paused' END,
       extract(epoch FROM current_setting('recovery_min_apply_delay')::interval)::float8,
       greatest(c.timeline_id, r.min_recovery_end_timeline),
       CASE WHEN c.timeline_id >= r.min_recovery_end_timeline THEN c.checkpoint_lsn END,
       CASE WHEN r.min_recovery_end_timeline >= c.timeline_id THEN r.min_recovery_end_lsn END
  FROM pg_control_checkpoint() c, pg_control_recovery() r
)sql";

constexpr Statement kStatements[] = {
    {.min_version = PgVersion(14), .role = Role::kStandby, .sql = kStandby14},
    {.role = Role::kStandby, .sql = kStandby12},
    {.min_version = PgVersion(13), .role = Role::kPrimary, .sql = kPrimary13},
    {.role = Role::kPrimary, .sql = kPrimary12},
};

enum Column {
  kFlushed,
  kSnapshot,
  kReceived,
  kReplayed,
  kPauseState,
  kDelay,
  kTimeline,
  kCheckpoint,
  kMinRecoveryEnd,
};

// A checkpoint's position is where its record begins, so at least one byte more is on its timeline.
std::optional<Lsn> OnTimeline(const Row& row) {
  std::optional<Lsn> lsn = row.Position(kCheckpoint);
  if (lsn) ++lsn->bytes;
  return std::max(lsn, row.Position(kMinRecoveryEnd));
}

Result<PositionFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  return PositionFact{.flushed = row.Position(kFlushed),
                      .received = row.Position(kReceived),
                      .replayed = row.Position(kReplayed),
                      .pause_state = row.Name(kPauseState),
                      .apply_delay = row.Number(kDelay),
                      .snapshot = row.Integer(kSnapshot),
                      .timeline = row.Integer(kTimeline),
                      .on_timeline = OnTimeline(row)};
}

void EmitBytes(const LagBytes& bytes, Samples& samples) {
  samples.Add(kBytes, bytes.send, {"send"});
  samples.Add(kBytes, bytes.write, {"write"});
  samples.Add(kBytes, bytes.flush, {"flush"});
  samples.Add(kBytes, bytes.replay, {"replay"});
  samples.Add(kBytes, bytes.total, {"total"});
}

void EmitLag(const LagView& lag, Samples& samples) {
  samples.Add(kSeconds, lag.seconds);
  samples.Add(kKnown, lag.known ? 1 : 0);
  samples.AddStates(kBound, kLagBounds, kLagBounds[static_cast<std::size_t>(lag.bound)]);
  samples.AddStates(kSource, kLagSources, kLagSources[static_cast<std::size_t>(lag.source)]);
  samples.AddStates(kCause, kLagCauses, kLagCauses[static_cast<std::size_t>(lag.cause)]);
  EmitBytes(lag.bytes, samples);
  samples.Add(kApplyDelay, lag.apply_delay);
  samples.Add(kThreshold, lag.threshold);
  samples.Add(kCaughtUpOnce, lag.caught_up_once ? 1 : 0);
  samples.Add(kConnected, lag.connected ? 1 : 0);
  if (!lag.state_hidden) samples.Add(kStreaming, lag.streaming ? 1 : 0);
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  if (server.lag) EmitLag(*server.lag, samples);
  const auto* fact = static_cast<const PositionFact*>(opaque);
  if (fact == nullptr) return;
  if (server.lag) {
    std::string state = fact->pause_state;
    for (char& c : state) c = c == ' ' ? '_' : c;
    samples.AddStates(kReplayPaused, kPauseStates, state);
  }
  const std::optional<Lsn> position = fact->flushed ? fact->flushed : fact->replayed;
  if (position) samples.Add(kPosition, static_cast<double>(position->bytes));
}

}  // namespace

extern const Collector kLag;
constexpr Collector kLag{.name = "lag",
                         .help = "how far each standby is behind, and how sure that is",
                         .cadence = Cadence::kPulse,
                         .families = kFamilies,
                         .statements = kStatements,
                         .decode = DecodeAs<PositionFact, Decode>,
                         .emit = Emit};

}  // namespace pgrepl
