// /topology and /explain: what the sub-commands ask for, and anybody with curl. /api/v1/clusters: what
// the page asks for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "collectors/view.h"
#include "exporter/http/server.h"

namespace pgrepl::http {

/// format=text|json|dot, cluster=NAME. 400 or 404 with a line that says what is known.
Response TopologyPage(const std::vector<ClusterView>& clusters, const Request& request);

/// server=NAME, cluster=NAME. As above.
Response ExplainPage(const std::vector<ClusterView>& clusters, const Request& request);

/// cluster=NAME. As above; `version` is the exporter's.
Response ClustersPage(const std::vector<ClusterView>& clusters, const Request& request,
                      std::string_view version);

}  // namespace pgrepl::http
