// Reads the configuration, from the file or the environment, and has the fleet watch what it says: at
// start, and again at each reload.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/base/mutex.h"
#include "exporter/base/result.h"
#include "exporter/config/config.h"
#include "exporter/fleet.h"
#include "exporter/metrics/self_metrics.h"

namespace pgrepl {

/// Thread-safe.
class ConfigLoader {
 public:
  /// Whether the configuration's own queries run, too.
  enum class Queries { kRun, kOmit };

  /// `fleet` and `self` outlive it.
  ConfigLoader(config::Flags flags, Queries queries, Fleet& fleet, SelfMetrics& self);

  /// After an error everything is watched as before, and the exporter's own metrics say so.
  Status Load();

 private:
  Status Apply() PGREPL_REQUIRES(mutex_);
  [[nodiscard]] CollectorSet CollectorsOf(const config::Config& config) const
      PGREPL_REQUIRES(mutex_);

  const config::Flags flags_;
  const Queries queries_;
  Fleet& fleet_;
  SelfMetrics& self_;

  Mutex mutex_;                                                     ///< one at a time
  std::optional<config::Config> config_ PGREPL_GUARDED_BY(mutex_);  ///< the last good one
};

}  // namespace pgrepl
