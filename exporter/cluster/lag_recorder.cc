// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lag_recorder.h"

#include <algorithm>
#include <utility>

namespace pgrepl::cluster {

void LagRecorder::See(double seconds, Time now) {
  if (began_ == Time{}) began_ = now;
  const auto passed = static_cast<std::size_t>((now - began_) / kLagTrailStep);
  if (passed > 0) {
    LagTrail trail = trail_ ? *trail_ : LagTrail();
    trail.push_back(static_cast<float>(worst_));
    // Nobody looked in between: what is seen now grew there.
    trail.insert(trail.end(), std::min(passed - 1, kLagTrailSteps), static_cast<float>(seconds));
    if (trail.size() > kLagTrailSteps) {
      trail.erase(trail.begin(), trail.end() - static_cast<std::ptrdiff_t>(kLagTrailSteps));
    }
    trail_ = std::make_shared<const LagTrail>(std::move(trail));
    began_ += passed * kLagTrailStep;
    worst_ = 0;
  }
  worst_ = std::max(worst_, seconds);
}

}  // namespace pgrepl::cluster
