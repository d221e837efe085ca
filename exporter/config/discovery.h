// Where a cluster's servers are looked up: the key `discover`. Throws Problem (yaml_map.h), as schema.h
// does.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/config/config.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {

/// Paths are as the file says.
Discovery ReadDiscovery(const Value& value);

}  // namespace pgrepl::config
