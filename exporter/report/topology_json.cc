// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "exporter/report/cluster_json.h"
#include "exporter/report/topology.h"

namespace pgrepl::report {

std::string TopologyJson(const Clusters& clusters) {
  Json list = Json::array();
  for (const ClusterView* cluster : clusters) list.push_back(ClusterJson(*cluster));
  return Dump({{"clusters", std::move(list)}}, 2);
}

}  // namespace pgrepl::report
