// /api/v1/clusters: all that the page shows, as JSON. Its shape: docs/clusters.schema.json.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/report/topology.h"

namespace pgrepl::report {

/// `at`: seconds since 1970, the exporter's clock. Fields may be added within a version of the API,
/// never removed or changed.
std::string ClustersJson(const Clusters& clusters, std::string_view version, double at);

}  // namespace pgrepl::report
