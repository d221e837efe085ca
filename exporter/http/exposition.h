// The /metrics page from what cluster/ knows now and from the exporter's own figures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/metrics/page.h"

namespace pgrepl::http {

/// Collectors that are off have no families.
std::string Expose(std::span<const ClusterView> clusters, const CollectorSet& collectors,
                   TextFormat format);

/// One server alone: without what is said of its cluster.
std::string ExposeServer(const ServerView& server, const CollectorSet& collectors,
                         TextFormat format);

/// OpenMetrics when the Accept header prefers it to text/plain, as Prometheus does.
TextFormat NegotiateFormat(std::string_view accept);

}  // namespace pgrepl::http
