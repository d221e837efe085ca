// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/sync_waits.h"

#include <algorithm>

namespace pgrepl::cluster {

void SyncWaits::See(const std::vector<SyncWaiter>& waiters, Time at) {
  std::vector<std::pair<SyncWaiter, Time>> still;
  for (const SyncWaiter& waiter : waiters) {
    const auto known = std::find_if(first_seen_.begin(), first_seen_.end(),
                                    [&](const auto& seen) { return seen.first == waiter; });
    still.emplace_back(waiter, known != first_seen_.end() ? known->second : at);
  }
  first_seen_ = std::move(still);
}

double SyncWaits::OldestSeconds(Time now) const {
  double oldest = 0;
  for (const auto& [waiter, since] : first_seen_) oldest = std::max(oldest, Seconds(now - since));
  return oldest;
}

}  // namespace pgrepl::cluster
