// The lag of a standby over the last minutes, for people to look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "exporter/base/clock.h"

namespace pgrepl {

/// Oldest first; seconds of lag, the worst of each step.
using LagTrail = std::vector<float>;

inline constexpr Duration kLagTrailStep = std::chrono::seconds(10);
inline constexpr std::size_t kLagTrailSteps = 90;  ///< 15 minutes

}  // namespace pgrepl
