// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "exporter/report/advice.h"
#include "exporter/report/evidence.h"
#include "exporter/report/findings.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

double AllowedFor(const LagView& lag) { return lag.threshold + lag.apply_delay.value_or(0); }

bool IsPaused(const ServerView& server) {
  const auto* position = FactOf<PositionFact>(server, CollectorId::kLag);
  return position != nullptr && position->pause_state == "paused";
}

// While nothing is written a paused standby has no lag, and so no cause of one.
LagCause CauseOf(const ServerView& server) {
  const LagView& lag = *server.lag;
  if (!IsPaused(server) || lag.cause == LagCause::kSettingsTooLow) return lag.cause;
  return lag.evidence.settings_too_low.empty() ? LagCause::kReplayPaused
                                               : LagCause::kSettingsTooLow;
}

void AddDelay(const ServerView& server, Findings& findings) {
  const double delay = server.lag->apply_delay.value_or(0);
  if (delay <= 0) return;
  const std::string name = Plain(server.name);
  findings.push_back({Severity::kOk, Name(LagCause::kApplyDelay), name,
                      fmt::format("it replays {} late, as configured", SayDuration(delay)),
                      AdviceOn(LagCause::kApplyDelay, name, "").meaning,
                      fmt::format("If it should not, on {}:\nALTER SYSTEM RESET "
                                  "recovery_min_apply_delay;\nSELECT pg_reload_conf();",
                                  name)});
}

bool IsPause(LagCause cause) {
  return cause == LagCause::kReplayPaused || cause == LagCause::kSettingsTooLow;
}

std::string SayIt(const LagView& lag, LagCause cause) {
  const double allowed = AllowedFor(lag);
  if (lag.seconds <= allowed) return fmt::format("replay is paused, {} behind", SayLag(lag));
  return fmt::format("{} behind, {} allowed{}", SayLag(lag), SayDuration(allowed),
                     cause == LagCause::kNone ? "" : fmt::format(" ({})", Name(cause)));
}

void AddOne(const ClusterView& cluster, const ServerView& server, Findings& findings) {
  const LagView& lag = *server.lag;
  const LagCause cause = CauseOf(server);
  if (lag.seconds <= AllowedFor(lag) && !IsPause(cause)) return;
  const std::string name = Plain(server.name);
  const std::string upstream = UpstreamName(server, LikelyUpstreamOf(cluster, server));
  const Advice advice = AdviceOn(cause, name, upstream);
  findings.push_back({Severity::kWarning,
                      Name(cause == LagCause::kNone ? LagCause::kUnknown : cause), name,
                      SayIt(lag, cause), advice.meaning, advice.remedy});
}

// Those that can't follow at all, or are cut off, have findings of their own.
bool Follows(const ServerView& server) {
  return server.role == Role::kStandby && server.lag && server.diverged != true &&
         server.lag->cause != LagCause::kDifferentSystem;
}

bool IsTold(const ServerView& server, const Findings& findings) {
  for (const Finding& one : findings) {
    if (one.server == Plain(server.name) && one.severity == Severity::kCritical) return true;
  }
  return false;
}

}  // namespace

void AddLag(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    if (!Follows(server)) continue;
    AddDelay(server, findings);
    if (!IsTold(server, findings)) AddOne(cluster, server, findings);
  }
}

}  // namespace pgrepl::report
