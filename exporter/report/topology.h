// The tree of each cluster: who receives WAL from whom, in which state, how far behind and why; what
// a failover would lose and who should lead. Pure; docs/topology.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collectors/view.h"
#include "exporter/config/config.h"

namespace pgrepl::report {

using Clusters = std::vector<const ClusterView*>;

std::string Topology(const Clusters& clusters, config::ReportFormat format);

std::string TopologyText(const Clusters& clusters);
std::string TopologyJson(const Clusters& clusters);
std::string TopologyDot(const Clusters& clusters);

/// The standby that a failover should choose; nullptr when none should.
const ServerView* CandidateOf(const ClusterView& cluster);

}  // namespace pgrepl::report
