// The replication slots of each server: who holds WAL back, how much, and how near it is to loss.
// Source: pg_catalog.pg_replication_slots (PostgreSQL manual, "pg_replication_slots").
// Columns since: wal_status, safe_wal_size 13; inactive_since 17.
// Privilege: none. Zero rows: no slots. Filled on standbys too (cascading, synced).
// A slot whose wal_status is lost stays on the page; temporary ones are only counted.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/slots.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kSlotLabels[] = {"slot_name", "slot_type"};
constexpr std::string_view kStatusLabels[] = {"slot_name", "slot_type", "status"};
constexpr std::string_view kCountLabels[] = {"slot_type", "temporary"};
constexpr std::string_view kStatuses[] = {"reserved", "extended", "unreserved", "lost", "other"};

constexpr Family kCount{.name = "pgrepl_slots",
                        .help =
                            "Replication slots by type (pg_replication_slots.slot_type, "
                            "temporary).",
                        .labels = kCountLabels};
constexpr Family kActive{.name = "pgrepl_slot_active",
                         .help =
                             "1 while somebody streams from the slot "
                             "(pg_replication_slots.active).",
                         .labels = kSlotLabels};
constexpr Family kRetained{.name = "pgrepl_slot_retained_bytes",
                           .help =
                               "WAL that the slot holds back, to the server's end of WAL "
                               "(pg_replication_slots.restart_lsn); absent for a lost slot.",
                           .labels = kSlotLabels};
constexpr Family kSafe{.name = "pgrepl_slot_safe_bytes",
                       .help =
                           "WAL that can still be written before the slot may be lost; "
                           "negative when the next checkpoint may take it; absent without a "
                           "limit (pg_replication_slots.safe_wal_size).",
                       .labels = kSlotLabels};
constexpr Family kWalStatus{.name = "pgrepl_slot_wal_status",
                            .help =
                                "Availability of the slot's WAL, one-hot "
                                "(pg_replication_slots.wal_status).",
                            .labels = kStatusLabels};
constexpr Family kConfirmedLag{.name = "pgrepl_slot_confirmed_lag_bytes",
                               .help =
                                   "WAL that the consumer of a logical slot has not confirmed "
                                   "(pg_replication_slots.confirmed_flush_lsn).",
                               .labels = kSlotLabels};
constexpr Family kInactive{.name = "pgrepl_slot_inactive_seconds",
                           .help =
                               "How long nobody has used the slot, 0 while active; PostgreSQL "
                               "17 and later (pg_replication_slots.inactive_since).",
                           .labels = kSlotLabels};

constexpr const Family* kFamilies[] = {&kCount,     &kActive,       &kRetained, &kSafe,
                                       &kWalStatus, &kConfirmedLag, &kInactive};

constexpr std::string_view k17 = R"sql(
SELECT slot_name, slot_type, temporary, active,
       pg_wal_lsn_diff(e.lsn, restart_lsn)::float8,
       pg_wal_lsn_diff(e.lsn, confirmed_flush_lsn)::float8,
       wal_status,
       safe_wal_size,
       -- inactive_since is NULL while somebody streams.
       CASE WHEN active THEN 0
            ELSE extract(epoch FROM clock_timestamp() - inactive_since) END::float8
  FROM pg_replication_slots,
       (SELECT CASE WHEN pg_is_in_recovery()
                    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                    ELSE pg_current_wal_flush_lsn() END AS lsn) AS e
 LIMIT 1000
)sql";
constexpr std::string_view k13 = R"sql(
SELECT slot_name, slot_type, temporary, active,
       pg_wal_lsn_diff(e.lsn, restart_lsn)::float8,
       pg_wal_lsn_diff(e.lsn, confirmed_flush_lsn)::float8,
       wal_status,
       safe_wal_size,
       NULL
  FROM pg_replication_slots,
       (SELECT CASE WHEN pg_is_in_recovery()
                    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                    ELSE pg_current_wal_flush_lsn() END AS lsn) AS e
 LIMIT 1000
)sql";
constexpr std::string_view k12 = R"sql(
SELECT slot_name, slot_type, temporary, active,
       pg_wal_lsn_diff(e.lsn, restart_lsn)::float8,
       pg_wal_lsn_diff(e.lsn, confirmed_flush_lsn)::float8,
       NULL, NULL, NULL
  FROM pg_replication_slots,
       (SELECT CASE WHEN pg_is_in_recovery()
                    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                    ELSE pg_current_wal_flush_lsn() END AS lsn) AS e
 LIMIT 1000
)sql";
constexpr Statement kStatements[] = {
    {.min_version = PgVersion(17), .sql = k17},
    {.min_version = PgVersion(13), .sql = k13},
    {.sql = k12},
};

enum Column {
  kName,
  kType,
  kTemporary,
  kIsActive,
  kBehind,
  kUnconfirmed,
  kStatus,
  kSafeSize,
  kAge
};

std::optional<double> NotNegative(std::optional<double> bytes) {
  return bytes ? std::optional<double>(std::max(*bytes, 0.0)) : std::nullopt;
}

Slot DecodeRow(const Row& row) {
  Slot slot{.name = row.Name(kName),
            .type = row.Name(kType),
            .temporary = row.Bool(kTemporary).value_or(false),
            .active = row.Bool(kIsActive).value_or(false),
            .retained_bytes = NotNegative(row.Number(kBehind)),
            .safe_bytes = row.Number(kSafeSize),
            .wal_status = row.Name(kStatus),
            .confirmed_lag_bytes = NotNegative(row.Number(kUnconfirmed)),
            .inactive_seconds = NotNegative(row.Number(kAge))};
  // After rows_removed or idle_timeout restart_lsn stays, though nothing is retained any more.
  if (slot.wal_status == "lost") slot.retained_bytes.reset();
  // A slot that never reserved WAL has a safe size that means nothing.
  if (slot.wal_status.empty()) slot.safe_bytes.reset();
  return slot;
}

Result<SlotsFact> Decode(const Rows& rows) {
  SlotsFact fact;
  for (int i = 0; i < rows.size(); ++i) fact.slots.push_back(DecodeRow(rows[i]));
  return fact;
}

void EmitCounts(const SlotsFact& fact, Samples& samples) {
  for (const std::string_view type : {"physical", "logical"}) {
    for (const bool temporary : {false, true}) {
      const auto count = std::count_if(fact.slots.begin(), fact.slots.end(), [&](const Slot& slot) {
        return slot.type == type && slot.temporary == temporary;
      });
      samples.Add(kCount, static_cast<double>(count), {type, temporary ? "true" : "false"});
    }
  }
}

void Emit(const SlotsFact& fact, Samples& samples) {
  EmitCounts(fact, samples);
  for (const Slot& slot : fact.slots) {
    if (slot.temporary) continue;
    samples.Add(kActive, slot.active ? 1 : 0, {slot.name, slot.type});
    samples.Add(kRetained, slot.retained_bytes, {slot.name, slot.type});
    samples.Add(kSafe, slot.safe_bytes, {slot.name, slot.type});
    if (!slot.wal_status.empty()) {
      samples.AddStates(kWalStatus, kStatuses, slot.wal_status, {slot.name, slot.type});
    }
    samples.Add(kConfirmedLag, slot.confirmed_lag_bytes, {slot.name, slot.type});
    samples.Add(kInactive, slot.inactive_seconds, {slot.name, slot.type});
  }
}

}  // namespace

extern const Collector kSlots;
constexpr Collector kSlots{.name = "slots",
                           .help = "replication slots: activity, retained WAL, nearness to loss",
                           .cadence = Cadence::kNormal,
                           .families = kFamilies,
                           .statements = kStatements,
                           .decode = DecodeAs<SlotsFact, Decode>,
                           .emit = EmitFact<SlotsFact, Emit>};

}  // namespace pgrepl
