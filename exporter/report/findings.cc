// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/findings.h"

#include <algorithm>

#include "exporter/report/tree.h"

namespace pgrepl::report {
namespace {

int WeightOf(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return 3;
    case Severity::kWarning:
      return 2;
    case Severity::kUnknown:
      return 1;
    case Severity::kOk:
      break;
  }
  return 0;
}

}  // namespace

Severity WorstOf(const Findings& findings) {
  Severity worst = Severity::kOk;
  for (const Finding& one : findings) {
    if (WeightOf(one.severity) > WeightOf(worst)) worst = one.severity;
  }
  return worst;
}

void SortByWeight(Findings& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& one, const Finding& other) {
    return WeightOf(one.severity) > WeightOf(other.severity);
  });
}

Findings FindingsOf(const ClusterView& cluster) {
  Findings findings;
  for (const auto add :
       {AddMembers, AddReach, AddPrimary, AddReceivers, AddSlots, AddSettings, AddLag, AddRights}) {
    add(cluster, findings);
  }
  SortByWeight(findings);
  return findings;
}

const ServerView* PrimaryOf(const ClusterView& cluster) {
  const ServerView* primary = nullptr;
  for (const ServerView& server : cluster.servers) {
    if (server.role != Role::kPrimary || !server.up) continue;
    if (primary != nullptr) return nullptr;
    primary = &server;
  }
  return primary;
}

const ServerView* LikelyUpstreamOf(const ClusterView& cluster, const ServerView& standby) {
  const ServerView* upstream = UpstreamOf(cluster, standby);
  if (upstream != nullptr || !standby.upstream_address.empty()) return upstream;
  return PrimaryOf(cluster);
}

std::int64_t MaxSenders(const SettingsFact& settings) {
  const auto at = std::find(kStandbySettings.begin(), kStandbySettings.end(), "max_wal_senders");
  return settings.values.at(static_cast<std::size_t>(at - kStandbySettings.begin()));
}

}  // namespace pgrepl::report
