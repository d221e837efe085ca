// A cluster's Memory behind a mutex: snapshots come in on the scheduler thread, views are taken on
// HTTP threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/mutex.h"
#include "exporter/cluster/memory.h"
#include "exporter/cluster/view.h"

namespace pgrepl::cluster {

class ClusterState {
 public:
  ClusterState(ClusterOptions options, Time now)
      : name_(options.name), memory_(std::move(options), now) {}

  [[nodiscard]] const std::string& name() const { return name_; }

  void Reconfigure(ClusterOptions options, Time now) {
    MutexLock lock(mutex_);
    memory_.Reconfigure(std::move(options), now);
  }

  /// A server that is no longer configured may still tell something: it counts for nothing.
  void Observe(std::string_view server, const ServerSnapshotPtr& snapshot, Time now) {
    MutexLock lock(mutex_);
    if (const auto index = memory_.Find(server)) memory_.Observe(*index, snapshot, now);
  }

  [[nodiscard]] ClusterView View(Time now) const {
    MutexLock lock(mutex_);
    return BuildView(memory_, now);
  }

 private:
  const std::string name_;
  mutable Mutex mutex_;
  Memory memory_ PGREPL_GUARDED_BY(mutex_);
};

}  // namespace pgrepl::cluster
