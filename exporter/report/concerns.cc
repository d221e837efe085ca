// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/concerns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// commit_wait_seconds of alerts/thresholds.yaml; a test compares.
constexpr double kCommitWaitSeconds = 10;

class Concerns {
 public:
  void Critical(const ServerView& server, std::string text) {
    found_.push_back({true, server.name, std::move(text)});
  }
  void Warn(const ServerView& server, std::string text) {
    found_.push_back({false, server.name, std::move(text)});
  }
  void OfCluster(bool critical, std::string text) {
    found_.push_back({critical, "", std::move(text)});
  }

  std::vector<Concern> Take() {
    std::stable_partition(found_.begin(), found_.end(),
                          [](const auto& one) { return one.critical; });
    return std::move(found_);
  }

 private:
  std::vector<Concern> found_;
};

bool WasTried(const ClusterView& cluster) {
  return std::all_of(cluster.servers.begin(), cluster.servers.end(),
                     [](const ServerView& server) { return server.tried; });
}

bool SomebodyAnswers(const ClusterView& cluster) {
  return std::any_of(cluster.servers.begin(), cluster.servers.end(),
                     [](const ServerView& server) { return server.up; });
}

void AddOfCluster(const ClusterView& cluster, Concerns& concerns) {
  if (!WasTried(cluster)) return;
  if (!SomebodyAnswers(cluster)) {
    concerns.OfCluster(true, "no server answers: all are down, or the way to them is");
    return;
  }
  if (cluster.primaries > cluster.expected_primaries) {
    concerns.OfCluster(true, fmt::format("{} primaries, {} expected: a split brain",
                                         cluster.primaries, cluster.expected_primaries));
  } else if (cluster.primaries < cluster.expected_primaries) {
    concerns.OfCluster(true, "no primary is seen");
  }
  const auto connected =
      std::count_if(cluster.servers.begin(), cluster.servers.end(), [](const ServerView& server) {
        return server.role == Role::kStandby && server.lag && server.lag->connected;
      });
  if (connected < cluster.expected_standbys) {
    concerns.OfCluster(connected == 0, fmt::format("{} of {} standbys are connected", connected,
                                                   cluster.expected_standbys));
  }
}

void AddState(const ServerView& server, Concerns& concerns) {
  if (server.configured && server.tried && !server.up) concerns.Warn(server, SayState(server));
  if (server.diverged == true) {
    concerns.Critical(server,
                      "has WAL that its cluster left behind: pg_rewind or a new base backup");
  }
  if (server.ambiguous_senders.value_or(0) > 0) {
    concerns.Warn(server,
                  fmt::format("{} of its senders fit several standbys", *server.ambiguous_senders));
  }
}

void AddLag(const ServerView& server, Concerns& concerns) {
  if (server.role != Role::kStandby || !server.lag || server.diverged == true) return;
  const LagView& lag = *server.lag;
  const double allowed = lag.threshold + lag.apply_delay.value_or(0);
  const std::string cause =
      lag.cause == LagCause::kNone ? "" : fmt::format(" ({})", Name(lag.cause));
  if (lag.seconds > allowed) {
    concerns.Warn(server,
                  fmt::format("{} behind, {} allowed{}", SayLag(lag), SayDuration(allowed), cause));
  } else if (!lag.connected && server.up) {
    concerns.Warn(server, fmt::format("{}{}", SayLink(lag), cause));
  }
}

void AddSlots(const ServerView& server, Concerns& concerns) {
  const auto* fact = FactOf<SlotsFact>(server, CollectorId::kSlots);
  if (fact == nullptr) return;
  for (const Slot& slot : fact->slots) {
    const std::string name = Plain(slot.name);
    if (slot.wal_status == "lost") {
      concerns.Critical(server, fmt::format("slot {} is lost", name));
    } else if (slot.wal_status == "unreserved") {
      concerns.Critical(server, fmt::format("slot {} loses its WAL at the next checkpoint", name));
    } else if (!slot.active && !slot.synced.value_or(false) &&
               slot.retained_bytes.value_or(0) > 0) {
      concerns.Warn(server, fmt::format("nobody uses slot {}, which holds back {}", name,
                                        SayBytes(*slot.retained_bytes)));
    }
  }
}

void AddOfPrimary(const ServerView& server, Concerns& concerns) {
  if (server.role != Role::kPrimary) return;
  const auto* archive = FactOf<ArchiveFact>(server, CollectorId::kArchive);
  if (archive != nullptr && archive->failing) concerns.Critical(server, "archiving fails");
  const double waits = server.syncrep_oldest_wait_seconds.value_or(0);
  if (waits > kCommitWaitSeconds) {
    concerns.Critical(server, fmt::format("a commit has waited {} for a synchronous standby",
                                          SayDuration(waits)));
  }
}

}  // namespace

std::vector<Concern> ConcernsOf(const ClusterView& cluster) {
  Concerns concerns;
  AddOfCluster(cluster, concerns);
  for (const ServerView& server : cluster.servers) {
    AddState(server, concerns);
    AddLag(server, concerns);
    AddSlots(server, concerns);
    AddOfPrimary(server, concerns);
  }
  return concerns.Take();
}

}  // namespace pgrepl::report
