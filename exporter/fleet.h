// The objects of one configuration, wired: a ClusterState for each cluster and the Scheduler that
// feeds them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "exporter/base/mutex.h"
#include "exporter/base/result.h"
#include "exporter/cluster/cluster_state.h"
#include "exporter/collect/scheduler.h"
#include "exporter/config/config.h"

namespace pgrepl {

/// Thread-safe, but for Start and Stop.
class Fleet {
 public:
  explicit Fleet(Scheduler::CountConnection count_connection,
                 Scheduler::CountPulse count_pulse = {})
      : scheduler_(std::move(count_connection), std::move(count_pulse)) {}

  /// Watches what this configuration says from now on. What is known of clusters and servers that stay,
  /// by their names, is kept. `collectors` has all queries of the configuration, in its order, or none
  /// of them. Errors name the server and where it is configured, never its conninfo; nothing is changed
  /// then.
  Status Configure(const config::Config& config, const CollectorSet& collectors);

  void Start() { scheduler_.Start(); }
  [[nodiscard]] bool Alive() const { return scheduler_.Alive(); }
  bool Stop() { return scheduler_.Stop(); }  ///< as Scheduler::Stop

  /// The cluster of that name; all of them where none has it.
  [[nodiscard]] std::vector<ClusterView> View(std::string_view only = {}) const;
  /// All clusters, each as known when its turn comes.
  void Visit(const std::function<void(const ClusterView&)>& visit) const;
  /// Of which the views may have facts.
  [[nodiscard]] CollectorSet collectors() const;

 private:
  using ClusterStatePtr = std::shared_ptr<cluster::ClusterState>;

  [[nodiscard]] ClusterStatePtr Find(std::string_view cluster) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] std::vector<ClusterStatePtr> Clusters(std::string_view only) const;

  mutable Mutex mutex_;
  std::vector<ClusterStatePtr> clusters_ PGREPL_GUARDED_BY(mutex_);
  CollectorSet collectors_ PGREPL_GUARDED_BY(mutex_);
  Scheduler scheduler_;  ///< ends before what it publishes to
};

}  // namespace pgrepl
