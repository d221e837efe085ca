// Reads the configuration, from the file or the environment, and has the fleet watch what it says: at
// start, again at each reload, and with the members that were found since.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "exporter/base/mutex.h"
#include "exporter/base/result.h"
#include "exporter/config/config.h"
#include "exporter/discover/discoverer.h"
#include "exporter/fleet.h"
#include "exporter/membership.h"
#include "exporter/metrics/self_metrics.h"

namespace pgrepl {

/// What would run by these flags, the configuration's own queries among it. Without a file all that
/// the flags leave on. Nothing is connected to.
Result<CollectorSet> ConfiguredCollectors(const config::Flags& flags);

/// Thread-safe.
class ConfigLoader {
 public:
  /// Whether the configuration's own queries run, too.
  enum class Queries { kRun, kOmit };

  /// `fleet` and `self` outlive it.
  ConfigLoader(config::Flags flags, Queries queries, Fleet& fleet, SelfMetrics& self);

  /// After an error everything is watched as before, and the exporter's own metrics say so.
  Status Load();

  /// Until members were looked for once in each place. The first page should have them; after a while
  /// it comes all the same.
  void AwaitMembers() { discoverer_.AwaitFirst(std::chrono::seconds(3)); }

  /// As Discoverer::Stop.
  bool Stop() { return discoverer_.Stop(); }

 private:
  Status Apply() PGREPL_REQUIRES(mutex_);
  Status Watch(const config::Config& config) PGREPL_REQUIRES(mutex_);
  void Found(const std::string& cluster, const Result<discover::Members>& members);
  void Note(const std::string& cluster, const Result<discover::Members>& members)
      PGREPL_REQUIRES(mutex_);
  [[nodiscard]] CollectorSet CollectorsOf(const config::Config& config) const
      PGREPL_REQUIRES(mutex_);

  const config::Flags flags_;
  const Queries queries_;
  Fleet& fleet_;
  SelfMetrics& self_;

  Mutex mutex_;                                                     ///< one at a time
  std::optional<config::Config> config_ PGREPL_GUARDED_BY(mutex_);  ///< the last good one
  Membership membership_ PGREPL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> failures_
      PGREPL_GUARDED_BY(mutex_);  ///< of discovery, as logged

  discover::Discoverer discoverer_;  ///< ends before what it reports to
};

}  // namespace pgrepl
