// Keeps the trail of a standby's lag: one figure for each ten seconds, the worst that was seen.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "collectors/lag_trail.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

class LagRecorder {
 public:
  /// What the page would say at `now`; not before an earlier call.
  void See(double seconds, Time now);
  /// A primary lags behind nobody.
  void Reset() { *this = {}; }

  /// Whole steps only; nullptr before the first. Shared, since a view outlives the lock that
  /// guards this; never changed once it is handed out.
  [[nodiscard]] std::shared_ptr<const LagTrail> Trail() const { return trail_; }

 private:
  Time began_{};  ///< of the step that is being filled
  double worst_ = 0;
  std::shared_ptr<const LagTrail> trail_;
};

}  // namespace pgrepl::cluster
