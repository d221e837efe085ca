// /sd and /probe: for a Prometheus that scrapes each cluster as a target of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collectors/registry.h"
#include "exporter/http/server.h"
#include "exporter/http/views.h"

namespace pgrepl::http {

/// The clusters, as Prometheus' http_sd reads them. Takes no parameters.
Response ServiceDiscovery(const Views& views, const Request& request);

/// target=NAME of a cluster, else of a configured server; cluster=NAME where several have that
/// server. Its part of /metrics, without the exporter's own figures. No other name is asked for:
/// 404.
Response Probe(const Views& views, const CollectorSet& collectors, const Request& request);

}  // namespace pgrepl::http
