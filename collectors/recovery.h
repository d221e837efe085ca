// What the startup process of one standby, which replays WAL, waits for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace pgrepl {

struct RecoveryFact {
  bool startup_seen = false;    ///< false: not looked for, since nothing waits to be replayed
  std::string wait_event_type;  ///< both empty while it works; on 12 also in a conflict or pause
  std::string wait_event;
  /// Age of the oldest transaction of a client on this standby, seconds: what a conflict waits for.
  /// nullopt: none, or not looked for.
  std::optional<double> oldest_transaction;
};

}  // namespace pgrepl
