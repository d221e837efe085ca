// The settings that a standby must not have lower than its primary, and those that limit slots.
// Source: current_setting() of the five that PostgreSQL compares during replay (PostgreSQL manual,
// "Hot Standby", "Administrator's Overview"); max_replication_slots, which with max_wal_senders is
// what pgrepl_slots and pgrepl_senders can grow to; idle_replication_slot_timeout, since 18.
// Privilege: none. Always one row. All but the timeout change by a restart only.
// From 14 on a standby with one too low pauses by itself, and looks paused by somebody: to resume it
// shuts it down. Raise the setting and restart.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/settings.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kSettingLabels[] = {"setting"};

constexpr Family kSetting{.name = "pgrepl_setting",
                          .help =
                              "Settings that a standby must not have lower than its primary, "
                              "and how many slots it can have (max_connections and four "
                              "more, max_replication_slots).",
                          .labels = kSettingLabels};
constexpr Family kTooLow{.name = "pgrepl_setting_too_low",
                         .help =
                             "1 when the standby has the setting lower than its primary, which "
                             "stops replay (max_connections and four more).",
                         .labels = kSettingLabels,
                         .on = "standbys"};

constexpr Family kIdleTimeout{.name = "pgrepl_slot_idle_timeout_seconds",
                              .help =
                                  "After how long without use a checkpoint invalidates a slot, "
                                  "0 for never; PostgreSQL 18 and later "
                                  "(idle_replication_slot_timeout)."};

constexpr const Family* kFamilies[] = {&kSetting, &kTooLow, &kIdleTimeout};

constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT current_setting('max_connections')::int8,
       current_setting('max_worker_processes')::int8,
       current_setting('max_wal_senders')::int8,
       current_setting('max_prepared_transactions')::int8,
       current_setting('max_locks_per_transaction')::int8,
       current_setting('max_replication_slots')::int8,
       extract(epoch FROM
               current_setting('idle_replication_slot_timeout', true)::interval)::float8
)sql"}};

constexpr int kMaxSlots = static_cast<int>(kStandbySettings.size());
constexpr int kTimeout = kMaxSlots + 1;

Result<SettingsFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  SettingsFact fact{.max_replication_slots = rows[0].Number(kMaxSlots),
                    .slot_idle_timeout = rows[0].Number(kTimeout)};
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    const auto value = rows[0].Integer(static_cast<int>(i));
    if (!value) return Error{std::string(kStandbySettings[i]) + " is no number"};
    fact.values[i] = *value;
  }
  return fact;
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  const auto* fact = static_cast<const SettingsFact*>(opaque);
  if (fact == nullptr) return;
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    samples.Add(kSetting, static_cast<double>(fact->values[i]), {kStandbySettings[i]});
  }
  samples.Add(kSetting, fact->max_replication_slots, {"max_replication_slots"});
  samples.Add(kIdleTimeout, fact->slot_idle_timeout);
  if (server.role != Role::kStandby || server.primary_settings == nullptr) return;
  const auto too_low = TooLow(*fact, *server.primary_settings);
  for (const std::string_view setting : kStandbySettings) {
    const bool low = std::find(too_low.begin(), too_low.end(), setting) != too_low.end();
    samples.Add(kTooLow, low ? 1 : 0, {setting});
  }
}

}  // namespace

std::vector<std::string_view> TooLow(const SettingsFact& standby, const SettingsFact& primary) {
  std::vector<std::string_view> too_low;
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    if (standby.values[i] < primary.values[i]) too_low.push_back(kStandbySettings[i]);
  }
  return too_low;
}

extern const Collector kSettings;
constexpr Collector kSettings{.name = "settings",
                              .help = "settings that a standby needs as high as its primary's",
                              .cadence = Cadence::kNormal,
                              .families = kFamilies,
                              .statements = kStatements,
                              .decode = DecodeAs<SettingsFact, Decode>,
                              .emit = Emit};

}  // namespace pgrepl
