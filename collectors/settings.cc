// The settings that a standby must not have lower than its primary, and those that say how many
// slots there can be and how replication will behave.
// Source: current_setting() (PostgreSQL manual, "Hot Standby", "Administrator's Overview" for the
// five that PostgreSQL compares during replay; "Replication"). Since: idle_replication_slot_timeout
// 18.
// Privilege: none. Always one row.
// From 14 on a standby with one too low pauses by itself, and looks paused by somebody: to resume it
// shuts it down. Raise the setting and restart.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/settings.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kSettingLabels[] = {"setting"};
constexpr std::string_view kLevelLabels[] = {"level"};
constexpr std::string_view kSourceLabels[] = {"source"};
constexpr std::string_view kLevels[] = {"minimal", "replica", "logical", "other"};

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

constexpr Family kWalLevel{.name = "pgrepl_wal_level",
                           .help =
                               "What the WAL is good for, one-hot: with minimal there is no "
                               "replication, without logical no decoding (wal_level).",
                           .labels = kLevelLabels};
constexpr Family kSenderTimeout{.name = "pgrepl_sender_timeout_seconds",
                                .help =
                                    "Silence of a standby after which its sender gives up, 0 is "
                                    "never (wal_sender_timeout)."};
constexpr Family kFeedback{.name = "pgrepl_hot_standby_feedback",
                           .help =
                               "1 when the standby tells its upstream what its queries still see: "
                               "fewer conflicts, more bloat (hot_standby_feedback).",
                           .on = "standbys"};
constexpr Family kMaxDelay{.name = "pgrepl_max_standby_delay_seconds",
                           .help =
                               "How long replay waits for a query before it cancels it, by where "
                               "WAL comes from; absent: for ever (max_standby_streaming_delay, "
                               "max_standby_archive_delay).",
                           .labels = kSourceLabels,
                           .on = "standbys"};
constexpr Family kRewindPossible{.name = "pgrepl_rewind_possible",
                                 .help =
                                     "1 when pg_rewind can bring the server back after a "
                                     "failover, 0 when it needs a new base backup (wal_log_hints, "
                                     "data_checksums)."};

constexpr const Family* kFamilies[] = {&kSetting,  &kTooLow,        &kIdleTimeout,
                                       &kWalLevel, &kSenderTimeout, &kFeedback,
                                       &kMaxDelay, &kRewindPossible};

constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT current_setting('max_connections')::int8,
       current_setting('max_worker_processes')::int8,
       current_setting('max_wal_senders')::int8,
       current_setting('max_prepared_transactions')::int8,
       current_setting('max_locks_per_transaction')::int8,
       current_setting('max_replication_slots')::int8,
       extract(epoch FROM
               current_setting('idle_replication_slot_timeout', true)::interval)::float8,
       current_setting('wal_level'),
       extract(epoch FROM current_setting('wal_sender_timeout')::interval)::float8,
       current_setting('hot_standby_feedback')::bool,
       extract(epoch FROM
               nullif(current_setting('max_standby_streaming_delay'), '-1')::interval)::float8,
       extract(epoch FROM
               nullif(current_setting('max_standby_archive_delay'), '-1')::interval)::float8,
       current_setting('wal_log_hints')::bool OR current_setting('data_checksums')::bool
)sql"}};

enum Column {
  kMaxSlots = static_cast<int>(kStandbySettings.size()),
  kTimeout,
  kLevel,
  kOfSenders,
  kHasFeedback,
  kStreamingDelay,
  kArchiveDelay,
  kHasHints,
};

Result<SettingsFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  SettingsFact fact{.max_replication_slots = rows[0].Number(kMaxSlots),
                    .slot_idle_timeout = rows[0].Number(kTimeout),
                    .wal_level = rows[0].Name(kLevel),
                    .sender_timeout = rows[0].Number(kOfSenders),
                    .hot_standby_feedback = rows[0].Bool(kHasFeedback).value_or(false),
                    .max_streaming_delay = rows[0].Number(kStreamingDelay),
                    .max_archive_delay = rows[0].Number(kArchiveDelay),
                    .rewind_possible = rows[0].Bool(kHasHints).value_or(false)};
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    const auto value = rows[0].Integer(static_cast<int>(i));
    if (!value) return Error{std::string(kStandbySettings[i]) + " is no number"};
    fact.values[i] = *value;
  }
  return fact;
}

void EmitOfStandby(const SettingsFact& fact, Samples& samples) {
  samples.Add(kFeedback, fact.hot_standby_feedback ? 1 : 0);
  samples.Add(kMaxDelay, fact.max_streaming_delay, {"streaming"});
  samples.Add(kMaxDelay, fact.max_archive_delay, {"archive"});
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  const auto* fact = static_cast<const SettingsFact*>(opaque);
  if (fact == nullptr) return;
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    samples.Add(kSetting, static_cast<double>(fact->values[i]), {kStandbySettings[i]});
  }
  samples.Add(kSetting, fact->max_replication_slots, {"max_replication_slots"});
  samples.Add(kIdleTimeout, fact->slot_idle_timeout);
  samples.AddStates(kWalLevel, kLevels, fact->wal_level);
  samples.Add(kSenderTimeout, fact->sender_timeout);
  samples.Add(kRewindPossible, fact->rewind_possible ? 1 : 0);
  if (server.role == Role::kStandby) EmitOfStandby(*fact, samples);
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
                              .help = "settings that replication depends on",
                              .cadence = Cadence::kNormal,
                              .families = kFamilies,
                              .statements = kStatements,
                              .decode = DecodeAs<SettingsFact, Decode>,
                              .emit = Emit};

}  // namespace pgrepl
