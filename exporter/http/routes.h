// What each path answers. Handlers read memory only: no database is touched by a request.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporter/http/exposition.h"
#include "exporter/http/server.h"
#include "exporter/http/views.h"
#include "exporter/metrics/self_metrics.h"

namespace pgrepl::http {

struct RouteOptions {
  std::string telemetry_path;
  std::string version;
  std::function<CollectorSet()> collectors;  ///< whose families are shown, as of now
  SelfMetrics* self;                         ///< outlives the routes
  Views views;
  VisitClusters visit;
  /// Reads the configuration again; none: POST /-/reload is 403.
  std::function<Status()> reload = {};
};

/// /metrics (or the telemetry path), /-/healthy, /-/ready, /-/reload, /topology, /explain, /api/v1/clusters,
/// /primary, /standby, /sd, /probe, and / with its files.
std::vector<Route> MakeRoutes(RouteOptions given);

}  // namespace pgrepl::http
