// The ClusterView that collectors emit, built from a Memory for one moment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collectors/view.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/memory.h"

namespace pgrepl::cluster {

/// `memory` may change afterwards; its options must outlive the view.
ClusterView BuildView(const Memory& memory, Time now);

}  // namespace pgrepl::cluster
