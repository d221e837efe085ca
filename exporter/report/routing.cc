// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
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
  return {};
}

Reason WhyDiverged(const ServerView& server) {
  return server.diverged == true ? "diverged: it has WAL that a newer timeline left behind" : "";
}

Reason WhyNotPrimary(const ClusterView& cluster, const ServerView& server) {
  if (Reason reason = WhyNotInRole(server, Role::kPrimary); !reason.empty()) return reason;
  // Before its consequence: one of them has diverged, as soon as it has written.
  if (cluster.primaries > 1) return fmt::format("split brain: {} primaries", cluster.primaries);
  if (Reason reason = WhyDiverged(server); !reason.empty()) return reason;
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

// In a split brain only the newest timeline goes on, and only if one primary has it.
Reason WhyOnTheWrongSide(const ClusterView& cluster, const ServerView& server) {
  if (cluster.primaries < 2) return {};
  std::optional<std::int64_t> newest;
  for (const ServerView& one : cluster.servers) {
    if (one.role == Role::kPrimary) newest = std::max(newest, one.timeline);
  }
  const auto has_it = [&](const ServerView& one) {
    return one.role == Role::kPrimary && one.timeline == newest;
  };
  const auto holders = std::count_if(cluster.servers.begin(), cluster.servers.end(), has_it);
  if (holders == 1 && server.timeline == newest) return {};
  return fmt::format("split brain: {} primaries, and it may follow the wrong one",
                     cluster.primaries);
}

Reason WhyNotFollowing(const LagView& lag) {
  const bool never =
      lag.cause == LagCause::kDifferentSystem || lag.cause == LagCause::kTimelineDiverged;
  return never ? fmt::format("it cannot follow: {}", Name(lag.cause)) : Reason();
}

// Of a primary that only a receiver hears, the last message counts: nobody told what was written
// since.
double OldestRead(const LagView& lag) {
  if (lag.source != LagSource::kReceiver) return lag.seconds;
  return lag.seconds +
         lag.evidence.heard_seconds_ago.value_or(std::numeric_limits<double>::infinity());
}

Reason WhyTooFarBehind(const LagView& lag, Duration max_lag) {
  if (!lag.known || lag.bound == LagBound::kAtLeast) {
    return fmt::format("its lag is not known: {}", SayLag(lag));
  }
  if (lag.source == LagSource::kArchive) return "its lag leaves out what is not archived yet";
  if (OldestRead(lag) <= Seconds(max_lag)) return {};
  const std::string limit = config::FormatDuration(max_lag);
  if (lag.seconds > Seconds(max_lag)) {
    return fmt::format("lag {}, more than {}", SayLag(lag), limit);
  }
  return fmt::format("lag {}, but nobody has heard of the primary within {}", SayLag(lag), limit);
}

Reason WhyNotFreshStandby(const ClusterView& cluster, const ServerView& server, Duration max_lag) {
  if (Reason reason = WhyNotInRole(server, Role::kStandby); !reason.empty()) return reason;
  if (Reason reason = WhyDiverged(server); !reason.empty()) return reason;
  if (Reason reason = WhyOnTheWrongSide(cluster, server); !reason.empty()) return reason;
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
  const Reason reason = WhyNotFreshStandby(cluster, server, max_lag);
  return VerdictOn(cluster, server, reason,
                   reason.empty() ? "standby, lag " + SayLag(*server.lag) : "");
}

Verdict HasFreshStandby(const ClusterView& cluster, Duration max_lag) {
  return Find(cluster, Role::kStandby, "no standby within " + config::FormatDuration(max_lag),
              [&](const ServerView& server) { return IsFreshStandby(cluster, server, max_lag); });
}

}  // namespace pgrepl::report
