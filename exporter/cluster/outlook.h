// What a failover would cost now, and which standby should take over: docs/outlook.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "collectors/outlook.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/renumbering.h"
#include "exporter/postgres/lsn.h"

namespace pgrepl::cluster {

class Evaluation;
class Memory;

/// What somebody else than the primary has, as of one of the primary's samples.
struct SafePosition {
  Lsn lsn;       ///< flushed elsewhere up to here
  Lsn primary;   ///< flushed on the primary up to here
  Time moved{};  ///< when `lsn` was last seen to move
};

/// Follows one cluster over time, since both answers need a memory: the last known loss once the
/// primary is gone, and a candidate that does not change with every pulse.
class Outlook {
 public:
  /// After the memory has taken a snapshot in.
  void Follow(const Memory& memory, const Evaluation& evaluation);

  [[nodiscard]] RpoView Standbys(const Memory& memory, Time now) const;  ///< scope standby
  [[nodiscard]] RpoView Anybody(const Memory& memory, Time now) const;   ///< scope any
  /// Of a configured standby.
  [[nodiscard]] Candidacy Of(const Memory& memory, const Evaluation& evaluation,
                             std::size_t index) const;

  void Renumber(const Renumbering& servers);

 private:
  void FollowSafety(const Memory& memory, const Evaluation& evaluation);
  void FollowCandidate(const Memory& memory, const Evaluation& evaluation);
  /// Compared from the left; `most`: the WAL that the best of them has.
  [[nodiscard]] std::array<double, 5> MeritOf(const Memory& memory, const Evaluation& evaluation,
                                              std::size_t index, Lsn most) const;
  [[nodiscard]] RpoView RpoOf(const Memory& memory, const std::optional<SafePosition>& safe,
                              Time now) const;

  std::optional<std::size_t> primary_;  ///< the last that told its position
  Time told_at_{};
  std::optional<SafePosition> on_standbys_, anywhere_;
  std::optional<std::size_t> candidate_;
};

}  // namespace pgrepl::cluster
