// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/routing.h"

#include <fmt/format.h>

#include <string_view>

#include "exporter/config/duration.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// Functions that say why not say nothing when all is well.
using Reason = std::string;

Reason WhyNotSeen(const ServerView& server) {
  if (!server.configured || !server.up) return SayState(server);
  if (server.stale) return "its last answer is too old";
  return {};
}

Reason WhyNotInRole(const ServerView& server, Role role) {
  if (Reason reason = WhyNotSeen(server); !reason.empty()) return reason;
  if (server.role != role) return fmt::format("its role is {}", SayRole(server));
  if (server.diverged == true) return "diverged: it has WAL that a newer timeline left behind";
  return {};
}

Reason WhyNotPrimary(const ClusterView& cluster, const ServerView& server) {
  if (Reason reason = WhyNotInRole(server, Role::kPrimary); !reason.empty()) return reason;
  if (cluster.primaries > 1) return fmt::format("split brain: {} primaries", cluster.primaries);
  if (cluster.primaries < 1) return "it does not count as a primary";
  return {};
}

// While nothing is written a paused standby has no lag; the next write would not reach it.
Reason WhyNotReplaying(const ServerView& server) {
  const auto* position =
      static_cast<const PositionFact*>(server.facts[static_cast<std::size_t>(CollectorId::kLag)]);
  if (position == nullptr) return "whether it replays is not known";
  if (position->pause_state == "not paused") return {};
  return fmt::format("replay: {}",
                     position->pause_state.empty() ? "state unknown" : position->pause_state);
}

Reason WhyNotFollowing(const LagView& lag) {
  const bool never =
      lag.cause == LagCause::kDifferentSystem || lag.cause == LagCause::kTimelineDiverged;
  return never ? fmt::format("it cannot follow: {}", Name(lag.cause)) : Reason();
}

Reason WhyTooFarBehind(const LagView& lag, Duration max_lag) {
  if (!lag.known || lag.bound == LagBound::kAtLeast) {
    return fmt::format("its lag is not known: {}", SayLag(lag));
  }
  if (lag.seconds <= Seconds(max_lag)) return {};
  return fmt::format("lag {}, more than {}", SayLag(lag), config::FormatDuration(max_lag));
}

Reason WhyNotFreshStandby(const ServerView& server, Duration max_lag) {
  if (Reason reason = WhyNotInRole(server, Role::kStandby); !reason.empty()) return reason;
  if (!server.lag) return "its lag is not known";
  if (Reason reason = WhyNotFollowing(*server.lag); !reason.empty()) return reason;
  if (Reason reason = WhyNotReplaying(server); !reason.empty()) return reason;
  return WhyTooFarBehind(*server.lag, max_lag);
}

std::string NameOf(const ClusterView& cluster, const ServerView& server) {
  return Plain(server.name) + " of " + Plain(cluster.name);
}

Verdict VerdictOn(const ClusterView& cluster, const ServerView& server, const Reason& reason,
                  const std::string& praise) {
  const bool yes = reason.empty();
  return {.yes = yes, .line = NameOf(cluster, server) + ": " + (yes ? praise : reason)};
}

// The first server that `judge` likes; else why none, by those that may be in that role.
template <typename Judge>
Verdict Find(const ClusterView& cluster, Role role, std::string_view sought, Judge judge) {
  std::string reasons;
  for (const ServerView& server : cluster.servers) {
    const Verdict verdict = judge(server);
    if (verdict.yes) return verdict;
    if (server.role.value_or(role) == role) reasons += "; " + verdict.line;
  }
  return {.yes = false, .line = fmt::format("{}: {}{}", Plain(cluster.name), sought, reasons)};
}

}  // namespace

Verdict IsPrimary(const ClusterView& cluster, const ServerView& server) {
  return VerdictOn(cluster, server, WhyNotPrimary(cluster, server), "primary");
}

Verdict HasPrimary(const ClusterView& cluster) {
  return Find(cluster, Role::kPrimary, "no primary",
              [&](const ServerView& server) { return IsPrimary(cluster, server); });
}

Verdict IsFreshStandby(const ClusterView& cluster, const ServerView& server, Duration max_lag) {
  const Reason reason = WhyNotFreshStandby(server, max_lag);
  return VerdictOn(cluster, server, reason,
                   reason.empty() ? "standby, lag " + SayLag(*server.lag) : "");
}

Verdict HasFreshStandby(const ClusterView& cluster, Duration max_lag) {
  return Find(cluster, Role::kStandby, "no standby within " + config::FormatDuration(max_lag),
              [&](const ServerView& server) { return IsFreshStandby(cluster, server, max_lag); });
}

}  // namespace pgrepl::report
