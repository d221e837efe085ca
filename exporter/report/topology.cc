// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/topology.h"

namespace pgrepl::report {

std::string Topology(const Clusters& clusters, config::ReportFormat format) {
  switch (format) {
    case config::ReportFormat::kJson:
      return TopologyJson(clusters);
    case config::ReportFormat::kDot:
      return TopologyDot(clusters);
    case config::ReportFormat::kText:
      break;
  }
  return TopologyText(clusters);
}

const ServerView* CandidateOf(const ClusterView& cluster) {
  for (const ServerView& server : cluster.servers) {
    if (server.candidacy == Candidacy::kBest) return &server;
  }
  return nullptr;
}

}  // namespace pgrepl::report
