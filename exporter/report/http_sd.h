// Service discovery for Prometheus (http_sd): one target for each cluster, for the route /probe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/report/topology.h"

namespace pgrepl::report {

/// [{"targets": [NAME], "labels": {"pg_cluster": NAME}}, ...]
std::string HttpSd(const Clusters& clusters);

}  // namespace pgrepl::report
