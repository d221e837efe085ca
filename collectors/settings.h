// The settings that a standby must not have lower than its primary: else replay stops, by a pause
// from 14 on, by a shutdown before (PostgreSQL manual, "Administrator's Overview" of hot standby);
// and those that limit slots.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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
};

/// The names of the settings that the standby has lower than the primary, in their order.
std::vector<std::string_view> TooLow(const SettingsFact& standby, const SettingsFact& primary);

}  // namespace pgrepl
