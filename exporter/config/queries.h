// The queries of the file: SQL of the user's own. Throws Problem (yaml_map.h), as schema.h does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/config/config.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {

/// What the rest of the file says.
struct Surroundings {
  std::span<const std::string_view> collector_names;  ///< which are taken
  std::span<const Cluster> clusters;
  Duration interval;  ///< of queries that say none
};

std::vector<Query> ReadQueries(const Value& value, const Surroundings& surroundings);

}  // namespace pgrepl::config
