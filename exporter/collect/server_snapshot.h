// All that is known of one server after one round, published whole: immutable, shared by threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/base/clock.h"
#include "exporter/postgres/server_version.h"
#include "exporter/postgres/up_reason.h"

namespace pgrepl {

/// The last fact of one collector; it stays while later runs fail, and readers judge its age.
struct CollectedFact {
  FactPtr fact;
  Time at{};              ///< the middle of the round trip that read it
  double wall_at = 0;     ///< the same on the wall clock, epoch seconds
  bool is_local = false;  ///< read by us, whatever the server is or does
  CollectorRun run;
};

struct ServerSnapshot {
  bool up = false;
  UpReason reason = UpReason::kOther;
  std::string message;       ///< why it is down, one line, no secrets
  std::optional<Role> role;  ///< last known
  Time at{};                 ///< when this was published
  Time answered_at{};        ///< when the last pulse answered; epoch of the clock: never
  int version = 0;           ///< server_version_num, 0: never connected
  std::string version_text;
  std::string address;
  std::optional<bool> superuser;  ///< our role is one
  /// What may run on it; nullptr: those of collectors.def.
  std::shared_ptr<const CollectorSet> collectors;
  /// Parallel to them.
  std::vector<CollectedFact> facts = std::vector<CollectedFact>(kCollectorCount);

  [[nodiscard]] const CollectedFact& Of(CollectorId id) const {
    return facts[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] std::span<const Collector* const> AllCollectors() const {
    return collectors ? collectors->all() : Collectors();
  }
};

using ServerSnapshotPtr = std::shared_ptr<const ServerSnapshot>;

}  // namespace pgrepl
