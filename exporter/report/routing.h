// Where clients may be sent: which server takes writes, which standbys are fresh enough to read from.
// What isn't known for sure is a no. Pure; docs/routes.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collectors/view.h"
#include "exporter/base/clock.h"

namespace pgrepl::report {

struct Verdict {
  bool yes = false;
  std::string line;  ///< who and why, or why not, without a line end
};

/// The server is the one primary that its cluster has now.
Verdict IsPrimary(const ClusterView& cluster, const ServerView& server);

/// Some server is.
Verdict HasPrimary(const ClusterView& cluster);

/// The server is a standby that replays and is known to be no further behind than `max_lag`.
Verdict IsFreshStandby(const ClusterView& cluster, const ServerView& server, Duration max_lag);

/// Some server is.
Verdict HasFreshStandby(const ClusterView& cluster, Duration max_lag);

}  // namespace pgrepl::report
