// The objects of one configuration, wired: a ClusterState for each cluster and the Scheduler that
// feeds them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/cluster/cluster_state.h"
#include "exporter/collect/scheduler.h"
#include "exporter/config/config.h"

namespace pgrepl {

class Fleet {
 public:
  /// `collectors` has all queries of the configuration, in its order, or none of them.
  /// Errors name the server and where it is configured, never its conninfo.
  static Result<std::unique_ptr<Fleet>> Create(const config::Config& config,
                                               const CollectorSet& collectors,
                                               Scheduler::CountConnection count_connection);

  void Start() { scheduler_->Start(); }
  bool Stop() { return scheduler_->Stop(); }  ///< as Scheduler::Stop

  /// The cluster of that name; all of them where none has it. Thread-safe.
  [[nodiscard]] std::vector<ClusterView> View(std::string_view only = {}) const;

 private:
  Fleet() = default;

  std::vector<std::unique_ptr<cluster::ClusterState>> clusters_;
  std::unique_ptr<Scheduler> scheduler_;  ///< ends before what it publishes to
};

}  // namespace pgrepl
