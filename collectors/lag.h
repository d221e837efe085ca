// WAL positions as one server tells them, and the lag that cluster/ computes from everyone's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

/// Read in one statement each pulse. The primary's half or the standby's is filled.
struct PositionFact {
  // Primary.
  std::optional<Lsn> flushed;            ///< pg_current_wal_flush_lsn()
  std::optional<std::int64_t> snapshot;  ///< hash of pg_current_snapshot(): moves with transactions
  // Standby.
  std::optional<Lsn> received;  ///< pg_last_wal_receive_lsn(); can step back, can be NULL
  /// pg_last_wal_replay_lsn(); on a primary that was promoted and not restarted since, the LSN at
  /// which its timeline left the old one.
  std::optional<Lsn> replayed;
  std::string pause_state;            ///< "not paused", "pause requested", "paused"
  std::optional<double> apply_delay;  ///< recovery_min_apply_delay, seconds
  // Both.
  std::optional<std::int64_t> timeline;  ///< on a standby a lower bound: the control file's
};

enum class LagBound { kExact, kAtLeast, kAtMost };
inline constexpr std::string_view kLagBounds[] = {"exact", "at_least", "at_most"};

/// Where the primary's positions came from that the lag was measured against.
enum class LagSource { kHistory, kSender, kReceiver, kArchive, kReplayTimestamp, kNone };
inline constexpr std::string_view kLagSources[] = {"history", "sender",           "receiver",
                                                   "archive", "replay_timestamp", "none"};

/// Where the bytes are that a standby has still to replay; nullopt where nobody says.
struct LagBytes {
  std::optional<double> send, write, flush, replay, total;
};

/// The lag of one standby at one moment (docs/lag.md).
struct LagView {
  double seconds = 0;
  bool known = false;  ///< false: `seconds` is a bound, or against a primary's last position
  LagBound bound = LagBound::kExact;
  LagSource source = LagSource::kNone;
  LagBytes bytes;
  std::optional<double> apply_delay;
  double threshold = 60;        ///< the server's max_lag, seconds
  bool caught_up_once = false;  ///< since the exporter watches it
  bool connected = false;       ///< streaming or catching up, says either side
  bool streaming = false;       ///< in state streaming
  std::string_view pause_state = {};
};

}  // namespace pgrepl
