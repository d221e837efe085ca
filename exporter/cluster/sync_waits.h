// How long commits have waited for a synchronous standby, on the exporter's clock: on the server
// nothing tells it, query_start and state_change are those of the statement.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "collectors/sync.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

class SyncWaits {
 public:
  /// Who waits at `at`. Those who don't any more are forgotten.
  void See(const std::vector<SyncWaiter>& waiters, Time at);

  /// Since the first sample that saw the oldest wait; 0 while nobody waits.
  [[nodiscard]] double OldestSeconds(Time now) const;

 private:
  std::vector<std::pair<SyncWaiter, Time>> first_seen_;
};

}  // namespace pgrepl::cluster
