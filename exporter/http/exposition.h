// The /metrics page from what cluster/ knows now and from the exporter's own figures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/metrics/page.h"

namespace pgrepl::http {

/// Collectors that are off have no families.
std::string Expose(const std::vector<ClusterView>& clusters, const CollectorSet& collectors,
                   TextFormat format);

/// OpenMetrics when the Accept header prefers it to text/plain, as Prometheus does.
TextFormat NegotiateFormat(std::string_view accept);

}  // namespace pgrepl::http
