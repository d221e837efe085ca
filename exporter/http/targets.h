// /sd and /probe: for a Prometheus that scrapes each cluster as a target of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/http/server.h"

namespace pgrepl::http {

/// The clusters, as Prometheus' http_sd reads them. Takes no parameters.
Response ServiceDiscovery(const std::vector<ClusterView>& clusters, const Request& request);

/// target=NAME of a cluster, else of a configured server; cluster=NAME where several have that
/// server. Its part of /metrics, without the exporter's own figures. No other name is asked for:
/// 404.
Response Probe(const std::vector<ClusterView>& clusters, const CollectorSet& collectors,
               const Request& request);

}  // namespace pgrepl::http
