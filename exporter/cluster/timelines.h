// The LSN histories of one system identifier, one per timeline, and where timelines left each
// other. LSNs of different timelines are comparable only up to the fork: a diverged standby has a
// larger LSN than the new primary, and is not caught up. Pure data: no clock, no I/O, no lock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "exporter/base/clock.h"
#include "exporter/cluster/lsn_history.h"

namespace pgrepl::cluster {

using TimelineId = std::uint32_t;

/// No transaction is known that the standby has not replayed.
struct CaughtUp {};

/// The standby replayed WAL that the current timeline doesn't have; only a rewind or a re-seed
/// helps.
struct Diverged {
  Time since;        ///< when the current timeline left the standby's
  bool seen = true;  ///< false: it had left before `since`
};

/// The current timeline has no history, or how it relates to the standby's was never seen.
struct NotComparable {};

using Standing = std::variant<CaughtUp, Crossing, Diverged, NotComparable>;

class Timelines {
 public:
  /// The newest are kept: an older one is of use only to a standby that missed as many promotions.
  static constexpr std::size_t kMaxTimelines = 8;

  struct ForkPoint {
    TimelineId parent;
    std::uint64_t lsn;
    Time at;
    bool seen;
  };

  explicit Timelines(Duration pulse) : pulse_(pulse) {}
  /// From now on samples come so often.
  void SetPulse(Duration pulse);

  /// The history to append to; created when new. Valid until another timeline is created.
  LsnHistory& On(TimelineId timeline);

  /// `child` left `parent` at `fork_lsn`; the promotion was `seen` at `at`, or was before. May be
  /// said again (the same fork is ignored) and late (samples of `child` are kept). Another parent or
  /// LSN than before is another timeline with the same number, after a restore: the child's history
  /// starts anew.
  void Fork(TimelineId parent, TimelineId child, std::uint64_t fork_lsn, Time at, bool seen = true);

  /// How a standby that replayed up to `replay_lsn` on `timeline` stands against the primary of
  /// `current`. One on an ancestor, before the fork, has just to follow.
  [[nodiscard]] Standing Measure(TimelineId timeline, std::uint64_t replay_lsn,
                                 TimelineId current) const;

  [[nodiscard]] const LsnHistory* Find(TimelineId timeline) const;
  [[nodiscard]] std::optional<ForkPoint> ForkOf(TimelineId child) const;

 private:
  struct Branch {
    LsnHistory history;
    std::optional<ForkPoint> fork;
  };

  Branch& BranchOf(TimelineId timeline);

  Duration pulse_;
  std::map<TimelineId, Branch> branches_;
};

}  // namespace pgrepl::cluster
