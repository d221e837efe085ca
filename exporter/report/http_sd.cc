// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/http_sd.h"

#include <nlohmann/json.hpp>

namespace pgrepl::report {

std::string HttpSd(const Clusters& clusters) {
  using Json = nlohmann::ordered_json;
  Json groups = Json::array();
  for (const ClusterView* cluster : clusters) {
    groups.push_back(
        {{"targets", Json::array({cluster->name})}, {"labels", {{"pg_cluster", cluster->name}}}});
  }
  // Names that aren't UTF-8 would throw otherwise.
  return groups.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pgrepl::report
