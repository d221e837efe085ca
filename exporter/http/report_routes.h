// /topology, /explain and /check: what the sub-commands ask for, and anybody with curl.
// /api/v1/clusters: what the page and `watch` ask for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exporter/http/server.h"
#include "exporter/http/views.h"

namespace pgrepl::http {

/// format=text|json|dot, cluster=NAME. 400 or 404 with a line that says what is known.
Response TopologyPage(const Views& views, const Request& request);

/// server=NAME, cluster=NAME. As above.
Response ExplainPage(const Views& views, const Request& request);

/// format=text|json, cluster=NAME, for=switchover|restart|upgrade. As above.
Response CheckPage(const Views& views, const Request& request);

/// cluster=NAME. As above; `version` is the exporter's.
Response ClustersPage(const Views& views, const Request& request, std::string_view version);

}  // namespace pgrepl::http
