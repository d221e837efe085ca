// What a failover would cost now, and who should take over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace pgrepl {

/// WAL that would be lost if the primary died now. Without a sample nobody is there to receive it.
struct RpoView {
  bool known = false;  ///< false: the figures are what was last known, a lower bound
  std::optional<double> bytes, seconds;
};

/// Why a standby should take over, or should not: the first that holds.
enum class Candidacy {
  kDifferentSystem,
  kDiverged,
  kDown,     ///< we can't reach it
  kPurpose,  ///< configured as delayed, archive, dr or reporting
  kDelayed,  ///< recovery_min_apply_delay
  kPaused,   ///< replay is paused
  kNoWal,    ///< how much WAL it has isn't known
  kBehind,   ///< eligible, and another has more WAL, or as much
  kBest,
};
inline constexpr std::string_view kCandidacies[] = {"different_system", "diverged", "down",
                                                    "purpose",          "delayed",  "paused",
                                                    "no_wal",           "behind",   "best"};

}  // namespace pgrepl
