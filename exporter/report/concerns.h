// What is wrong with a cluster now, for people who look: the worst first. Alerts decide for
// themselves, over time (alerts/rules); this is one moment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collectors/view.h"

namespace pgrepl::report {

struct Concern {
  bool critical = false;  ///< data or writes are at stake, or nobody can tell
  std::string server;     ///< empty: about the cluster
  std::string text;       ///< plain, one line
};

/// Empty: all is well.
std::vector<Concern> ConcernsOf(const ClusterView& cluster);

}  // namespace pgrepl::report
