// WAL positions as one server tells them, and the lag that cluster/ computes from everyone's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

/// Read in one statement each pulse. The primary's half or the standby's is filled.
struct PositionFact {
  // Primary.
  std::optional<Lsn> flushed;  ///< pg_current_wal_flush_lsn()
  // Standby.
  std::optional<Lsn> received;  ///< pg_last_wal_receive_lsn(); can step back, can be NULL
  /// pg_last_wal_replay_lsn(); on a primary that was promoted and not restarted since, the LSN at
  /// which its timeline left the old one.
  std::optional<Lsn> replayed;
  std::string pause_state;            ///< "not paused", "pause requested", "paused"
  std::optional<double> apply_delay;  ///< recovery_min_apply_delay, seconds
  // Both.
  /// Hash of pg_current_snapshot(): moves with transactions. On a standby it is the primary's once
  /// all of them are replayed and none is in progress.
  std::optional<std::int64_t> snapshot;
  std::optional<std::int64_t> timeline;  ///< on a standby a lower bound: the control file's
  /// Standby: WAL up to here, that it has, is surely on `timeline`: the control file's last
  /// checkpoint or minimum recovery end.
  std::optional<Lsn> on_timeline;
};

enum class LagBound { kExact, kAtLeast, kAtMost };
inline constexpr std::string_view kLagBounds[] = {"exact", "at_least", "at_most"};

/// Where the primary's positions came from that the lag was measured against.
enum class LagSource { kHistory, kSender, kReceiver, kArchive, kReplayTimestamp, kNone };
inline constexpr std::string_view kLagSources[] = {"history", "sender",           "receiver",
                                                   "archive", "replay_timestamp", "none"};

/// Why a standby lags: the first of these that holds (docs/lag.md).
enum class LagCause {
  kDifferentSystem,
  kTimelineDiverged,
  kSlotLost,
  kWalRemoved,
  kSettingsTooLow,
  kReplayPaused,
  kPauseRequested,
  kRecoveryConflict,
  kApplyDelay,
  kUpstreamLagging,
  kReplayBacklog,
  kWaitingForArchive,
  kReceiverDown,
  kConnectionStalled,
  kCatchingUp,
  kSenderSlow,
  kNetwork,
  kStandbyDisk,
  kReplaySlow,
  kUnknown,
  kNone,
};
inline constexpr std::string_view kLagCauses[] = {"different_system",
                                                  "timeline_diverged",
                                                  "slot_lost",
                                                  "wal_removed",
                                                  "settings_too_low",
                                                  "replay_paused",
                                                  "pause_requested",
                                                  "recovery_conflict",
                                                  "apply_delay",
                                                  "upstream_lagging",
                                                  "replay_backlog",
                                                  "waiting_for_archive",
                                                  "receiver_down",
                                                  "connection_stalled",
                                                  "catching_up",
                                                  "sender_slow",
                                                  "network",
                                                  "standby_disk",
                                                  "replay_slow",
                                                  "unknown",
                                                  "none"};

/// Where the bytes are that a standby has still to replay; nullopt where nobody says.
struct LagBytes {
  std::optional<double> send, write, flush, replay, total;
};

/// What the cause was told by, for people; views reach into snapshots that the ClusterView keeps.
struct LagEvidence {
  std::optional<Lsn> replayed;                   ///< as last known
  double sampled_seconds_ago = 0;                ///< when that was read
  std::optional<Lsn> received;                   ///< the WAL that it has
  std::optional<Lsn> primary;                    ///< the end of WAL it is measured against
  std::optional<double> heard_seconds_ago;       ///< when somebody last told where that end is
  std::string_view upstream;                     ///< the configured server it receives from
  std::optional<double> upstream_lacks_seconds;  ///< of a cascade: lag of the WAL that one has
  std::optional<double> silent_seconds;          ///< nothing came over the link though WAL waits
  std::string_view slot_name, slot_wal_status;   ///< its slot at its upstream
  std::optional<double> wal_margin;  ///< bytes, below 0: its upstream removed what it needs
  std::string_view wait_event_type, wait_event;  ///< of its startup process
  std::optional<double> oldest_transaction;      ///< age in seconds, of the standby's sessions
  std::vector<std::string_view> settings_too_low;
};

/// The lag of one standby at one moment (docs/lag.md).
struct LagView {
  double seconds = 0;
  bool known = false;  ///< false: `seconds` is a bound, or against a primary's last position
  LagBound bound = LagBound::kExact;
  LagSource source = LagSource::kNone;
  LagCause cause = LagCause::kNone;
  LagBytes bytes;
  std::optional<double> apply_delay;
  double threshold = 60;        ///< the server's max_lag, seconds
  bool caught_up_once = false;  ///< since the exporter watches it
  bool connected = false;       ///< streaming or catching up, says either side
  bool streaming = false;       ///< in state streaming
  bool state_hidden = false;    ///< connected, and our role may not see in which state
  LagEvidence evidence;
};

}  // namespace pgrepl
