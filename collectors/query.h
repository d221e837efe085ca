// SQL of the user's own as a collector (config: queries; docs/queries.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "collectors/collector.h"
#include "exporter/config/config.h"

namespace pgrepl {

/// Its families and statements live as long as it does.
std::shared_ptr<const Collector> MakeCollector(const config::Query& query);

}  // namespace pgrepl
