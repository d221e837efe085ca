// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/http_sd.h"

#include "exporter/report/cluster_json.h"

namespace pgrepl::report {

std::string HttpSd(const Clusters& clusters) {
  Json groups = Json::array();
  for (const ClusterView* cluster : clusters) {
    groups.push_back(
        {{"targets", Json::array({cluster->name})}, {"labels", {{"pg_cluster", cluster->name}}}});
  }
  return Dump(groups, 2);
}

}  // namespace pgrepl::report
