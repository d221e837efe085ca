// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/choose.h"

#include <algorithm>
#include <string>

#include "exporter/config/nearest.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// "p, s1 (cluster a); p (cluster b)"
std::string Known(const Clusters& clusters) {
  std::string out;
  for (const ClusterView* cluster : clusters) {
    std::vector<std::string_view> names;
    for (const ServerView& server : cluster->servers) names.emplace_back(server.name);
    out += (out.empty() ? "" : "; ") + List(names) + " (cluster " + Plain(cluster->name) + ")";
  }
  return out;
}

}  // namespace

Result<Clusters> ChooseClusters(const std::vector<ClusterView>& clusters, std::string_view name) {
  Clusters chosen;
  std::vector<std::string_view> names;
  for (const ClusterView& cluster : clusters) {
    names.push_back(cluster.name);
    if (name.empty() || cluster.name == name) chosen.push_back(&cluster);
  }
  if (!chosen.empty() || name.empty()) return chosen;
  return Error{"unknown cluster " + config::Quoted(name) + "; known: " + List(names)};
}

Result<Chosen> ChooseServer(const std::vector<ClusterView>& clusters, std::string_view cluster,
                            std::string_view server) {
  const Result<Clusters> among = ChooseClusters(clusters, cluster);
  if (!among) return among.error();
  std::vector<Chosen> chosen;
  std::vector<std::string_view> names;
  for (const ClusterView* one : *among) {
    for (const ServerView& candidate : one->servers) {
      if (candidate.name != server) continue;
      chosen.push_back({one, &candidate});
      names.push_back(one->name);
    }
  }
  if (chosen.size() == 1) return chosen.front();
  if (chosen.empty()) {
    return Error{"unknown server " + config::Quoted(server) + "; known: " + Known(*among)};
  }
  return Error{"several clusters have a server " + config::Quoted(server) +
               "; name one with cluster=NAME: " + List(names)};
}

bool IsShared(const std::vector<ClusterView>& clusters, std::string_view server) {
  const auto has = [&](const ClusterView& cluster) {
    return std::any_of(cluster.servers.begin(), cluster.servers.end(),
                       [&](const ServerView& one) { return one.name == server; });
  };
  return std::count_if(clusters.begin(), clusters.end(), has) > 1;
}

}  // namespace pgrepl::report
