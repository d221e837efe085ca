// Clusters and servers by the names that people give. Errors list the names that there are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "collectors/view.h"
#include "exporter/base/result.h"
#include "exporter/report/topology.h"

namespace pgrepl::report {

/// All of them for an empty name.
Result<Clusters> ChooseClusters(const std::vector<ClusterView>& clusters, std::string_view name);

struct Chosen {
  const ClusterView* cluster = nullptr;
  const ServerView* server = nullptr;
};

/// An empty cluster name stands for the only cluster with a server of that name.
Result<Chosen> ChooseServer(const std::vector<ClusterView>& clusters, std::string_view cluster,
                            std::string_view server);

/// Several clusters have a server of that name, so ChooseServer must be told which.
bool IsShared(const std::vector<ClusterView>& clusters, std::string_view server);

}  // namespace pgrepl::report
