// The lag of one standby at one moment: a pure function of where it stands in its primary's history
// and of who can vouch for that history now. The definitions are in docs/lag.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "collectors/lag.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/timelines.h"

namespace pgrepl::cluster {

/// Who tells, at this moment, what the standby is measured against.
enum class Reference {
  kPrimary,      ///< the primary itself answers
  kReceiver,     ///< a receiver passes on the primary's position, and its messages are recent
  kRelay,        ///< a receiver passes on the position of another standby: the primary may be ahead
  kDead,         ///< the primary refuses and nobody streams from it: its last position stands
  kUnreachable,  ///< nobody knows what the primary has written since
};

struct LagInputs {
  Time now;
  Standing standing;           ///< of the last known replay position
  bool position_known = true;  ///< false: the standby's replay position was never seen
  Reference reference = Reference::kPrimary;
  bool by_archive = false;  ///< and as far as it is archived
  Time sampled_at{};        ///< when the replay position was read
  bool fresh = false;       ///< and that is recent
  /// How fast the lag grew between the last two samples, in seconds per second from 0 to 1: what
  /// it will have done since. 1 for a standby that stands still, 0 for one that keeps up.
  double growth = 0;
  /// When it was last seen with everything replayed; else when we began to watch it.
  Time caught_up_at{};
  /// It has started again from an older position than it once showed, and not caught up since:
  /// what it replays is not news to it.
  bool replaying_again = false;
};

/// seconds, known, bound and source; the rest is the caller's.
LagView EvaluateLag(const LagInputs& inputs);

}  // namespace pgrepl::cluster
