// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/cause.h"

namespace pgrepl::cluster {
namespace {

// Seconds by which a delayed standby may exceed its delay and still only be delayed.
constexpr double kDelaySlack = 5;

// Nothing but a re-seed or a rewind mends these; waiting doesn't.
std::optional<LagCause> Lost(const CauseInputs& in) {
  if (in.different_system) return LagCause::kDifferentSystem;
  if (in.diverged) return LagCause::kTimelineDiverged;
  if (in.slot_lost && in.link != Link::kUp) return LagCause::kSlotLost;
  if (in.wal_removed && in.link != Link::kUp && !in.has_restore_command) {
    return LagCause::kWalRemoved;
  }
  return std::nullopt;
}

// The standby has WAL, or could have it, and doesn't replay it.
std::optional<LagCause> HeldBack(const CauseInputs& in) {
  const bool paused = in.pause_state == "paused";
  if (paused && in.settings_too_low) return LagCause::kSettingsTooLow;
  if (paused) return LagCause::kReplayPaused;
  if (in.pause_state == "pause requested") return LagCause::kPauseRequested;
  if (in.replay_blocked) return LagCause::kRecoveryConflict;
  if (in.apply_delay > 0 && in.lag <= in.apply_delay + kDelaySlack) return LagCause::kApplyDelay;
  return std::nullopt;
}

// WAL doesn't come.
std::optional<LagCause> CutOff(const CauseInputs& in) {
  if (in.upstream_lags && in.link == Link::kUp) return LagCause::kUpstreamLagging;
  // PostgreSQL starts no receiver while it still has WAL to replay.
  if (in.backlog && in.link != Link::kUp) return LagCause::kReplayBacklog;
  const bool archive_alone = in.fed_by_archive || (in.wal_removed && in.has_restore_command);
  if (archive_alone && in.link != Link::kUp) return LagCause::kWaitingForArchive;
  if (in.link == Link::kDown) return LagCause::kReceiverDown;
  if (in.stalled && in.link == Link::kUp) return LagCause::kConnectionStalled;
  return std::nullopt;
}

}  // namespace

LagCause CauseOf(const CauseInputs& in) {
  if (!in.lagging) return LagCause::kNone;
  for (const auto rank : {Lost, HeldBack, CutOff}) {
    if (const auto cause = rank(in)) return *cause;
  }
  if (in.catching_up) return LagCause::kCatchingUp;
  return in.slowest_stage.value_or(LagCause::kUnknown);
}

}  // namespace pgrepl::cluster
