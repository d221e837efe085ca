// A sub-command that watches the servers itself, without an exporter: for a moment, so that a lag
// that began earlier is a bound.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collectors/view.h"
#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace pgrepl::cli {

/// What is known now, of servers that are being watched. The views live as long as what watches.
using View = std::function<std::vector<ClusterView>()>;

/// Waits until every server was tried, and for `command.watch` after that. What to print.
Result<std::string> Glance(const config::Command& command, const View& view);

}  // namespace pgrepl::cli
