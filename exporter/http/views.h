// How routes ask what is known. A view of every cluster is what costs in a large fleet, so those
// that are called every second ask for one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "collectors/view.h"

namespace pgrepl::http {

/// The cluster of that name as known now; all of them where none has it, and for an empty name.
/// Called on worker threads.
using Views = std::function<std::vector<ClusterView>(std::string_view cluster)>;

/// All clusters, one after the other: a view is gone before the next is taken.
using VisitClusters = std::function<void(const std::function<void(const ClusterView&)>& visit)>;

}  // namespace pgrepl::http
