// Why a standby lags: a pure ranking of what is known of it at one moment. What each of them means,
// and why in this order: docs/lag.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "collectors/lag.h"

namespace pgrepl::cluster {

/// Whether WAL can come to the standby from its upstream, as far as either of them says.
enum class Link { kUnknown, kDown, kUp };

/// Gathered by Diagnosis; none of them is derived from another.
struct CauseInputs {
  bool lagging = false;
  double lag = 0;  ///< seconds

  bool different_system = false;
  bool diverged = false;
  bool slot_lost = false;         ///< its upstream's slot for it is lost
  bool wal_removed = false;       ///< its upstream no longer keeps the WAL that it needs next
  bool settings_too_low = false;  ///< lower than its primary's
  std::string_view pause_state;   ///< "not paused", "pause requested", "paused"
  bool replay_blocked = false;    ///< replay waits for a session on the standby
  double apply_delay = 0;         ///< recovery_min_apply_delay, seconds
  bool upstream_lags = false;     ///< its upstream lags as much, and it has all that one has
  bool backlog = false;           ///< received WAL waits to be replayed
  bool fed_by_archive = false;    ///< by nothing else
  bool has_restore_command = false;
  Link link = Link::kUnknown;
  bool stalled = false;  ///< connected, and nothing comes though something should
  bool catching_up = false;
  std::optional<LagCause> slowest_stage;  ///< sender_slow, network, standby_disk or replay_slow
};

/// The first that holds; kNone while it doesn't lag.
LagCause CauseOf(const CauseInputs& inputs);

}  // namespace pgrepl::cluster
