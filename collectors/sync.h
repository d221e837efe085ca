// What a primary's commits wait for, and who waits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "exporter/postgres/sync_requirement.h"

namespace pgrepl {

/// A backend whose commit waits for standbys. The three together name one wait of one transaction;
/// how long it has waited is told by nothing on the server, only by when it was first seen.
struct SyncWaiter {
  std::int64_t pid = 0;
  std::optional<double> backend_start;  ///< epoch seconds, server's clock
  std::optional<double> xact_start;     ///< epoch seconds, server's clock

  bool operator==(const SyncWaiter&) const = default;
};

struct SyncFact {
  SyncRequirement requirement;      ///< synchronous_standby_names
  std::string commit_level;         ///< synchronous_commit, as sessions have it by default
  std::vector<SyncWaiter> waiters;  ///< at most 1000
  bool waiters_hidden = false;      ///< from our role, while something is required
};

}  // namespace pgrepl
