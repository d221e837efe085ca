// Finds the members of a cluster once, in the place that its discovery says. May wait for a network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/base/result.h"
#include "exporter/config/members.h"

namespace pgrepl::discover {

using Members = std::vector<config::Member>;

/// Sorted by name; each name once. Any thread.
Result<Members> LookUp(const config::Discovery& discovery);

}  // namespace pgrepl::discover
