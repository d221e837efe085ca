// The settings that a standby must not have lower than its primary: else replay stops, by a pause
// from 14 on, by a shutdown before (PostgreSQL manual, "Administrator's Overview" of hot standby);
// those that limit slots, and those that replication is judged by.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgrepl {

inline constexpr std::array<std::string_view, 5> kStandbySettings = {
    "max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_transactions",
    "max_locks_per_transaction"};

struct SettingsFact {
  std::array<std::int64_t, kStandbySettings.size()> values{};  ///< as in kStandbySettings
  std::optional<double> max_replication_slots = {};
  std::optional<double> slot_idle_timeout = {};  ///< seconds, 0: never; 18+
  std::string wal_level = {};
  std::optional<double> sender_timeout = {};  ///< seconds, 0: never
  bool hot_standby_feedback = false;
  /// Seconds that replay waits for a query; nullopt: for ever.
  std::optional<double> max_streaming_delay = {}, max_archive_delay = {};
  bool rewind_possible = false;  ///< hints are in the WAL, by wal_log_hints or checksums
};

/// The names of the settings that the standby has lower than the primary, in their order.
std::vector<std::string_view> TooLow(const SettingsFact& standby, const SettingsFact& primary);

}  // namespace pgrepl
