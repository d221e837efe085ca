// The replication slots of each server: who holds WAL and dead rows back, how much, and how near it
// is to loss.
// Source: pg_catalog.pg_replication_slots (PostgreSQL manual, "pg_replication_slots").
// Columns since: wal_status, safe_wal_size 13; two_phase 14; conflicting 16; inactive_since,
// invalidation_reason, failover, synced 17. Not read: active_pid, two_phase_at.
// Privilege: none. Zero rows: no slots. Filled on standbys too (cascading, synced).
// A slot whose wal_status is lost stays on the page; temporary ones are only counted.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/slots.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kSlotLabels[] = {"slot_name", "slot_type"};
constexpr std::string_view kInfoLabels[] = {"slot_name", "slot_type", "plugin", "database"};
constexpr std::string_view kStatusLabels[] = {"slot_name", "slot_type", "status"};
constexpr std::string_view kReasonLabels[] = {"slot_name", "slot_type", "reason"};
constexpr std::string_view kCountLabels[] = {"slot_type", "temporary"};
constexpr std::string_view kStatuses[] = {"reserved", "extended", "unreserved", "lost", "other"};
constexpr std::string_view kReasons[] = {
    "none", "wal_removed", "rows_removed", "wal_level_insufficient", "idle_timeout", "other"};

constexpr Family kCount{.name = "pgrepl_slots",
                        .help =
                            "Replication slots by type, at most max_replication_slots "
                            "(pg_replication_slots.slot_type, temporary).",
                        .labels = kCountLabels};
constexpr Family kInfo{.name = "pgrepl_slot_info",
                       .help =
                           "Text facts of a slot, value 1; without plugin and database a "
                           "physical one (pg_replication_slots.plugin, database).",
                       .labels = kInfoLabels};
constexpr Family kActive{.name = "pgrepl_slot_active",
                         .help =
                             "1 while somebody streams from the slot "
                             "(pg_replication_slots.active).",
                         .labels = kSlotLabels};
constexpr Family kInactive{.name = "pgrepl_slot_inactive_seconds",
                           .help =
                               "How long nobody has used the slot, 0 while active, absent for "
                               "a standby's copy; a lower bound, for it counts from the "
                               "server's start on, below PostgreSQL 17 from when the exporter "
                               "saw it fall idle (pg_replication_slots.inactive_since).",
                           .labels = kSlotLabels};
constexpr Family kRetained{.name = "pgrepl_slot_retained_bytes",
                           .help =
                               "WAL that the slot holds back, to the server's end of WAL "
                               "(pg_replication_slots.restart_lsn); absent for a lost slot.",
                           .labels = kSlotLabels};
constexpr Family kSafe{.name = "pgrepl_slot_safe_bytes",
                       .help =
                           "WAL that can still be written before the slot may be lost; "
                           "negative when the next checkpoint may take it; absent without "
                           "a limit (pg_replication_slots.safe_wal_size).",
                       .labels = kSlotLabels};
constexpr Family kWalStatus{.name = "pgrepl_slot_wal_status",
                            .help =
                                "Availability of the slot's WAL, one-hot "
                                "(pg_replication_slots.wal_status).",
                            .labels = kStatusLabels};
constexpr Family kInvalidation{.name = "pgrepl_slot_invalidation_reason",
                               .help =
                                   "Why the slot was invalidated, one-hot; PostgreSQL 17 and "
                                   "later (pg_replication_slots.invalidation_reason).",
                               .labels = kReasonLabels};
constexpr Family kXminAge{.name = "pgrepl_slot_xmin_age",
                          .help =
                              "Age, counted in transactions, of the oldest transaction whose "
                              "dead rows the slot keeps from vacuum; absent when it keeps "
                              "none, and for a lost slot (pg_replication_slots.xmin).",
                          .labels = kSlotLabels};
constexpr Family kCatalogXminAge{
    .name = "pgrepl_slot_catalog_xmin_age",
    .help =
        "Age, counted in transactions, of the oldest transaction whose "
        "dead rows in system catalogs the slot keeps from vacuum; "
        "absent when it keeps none, and for a lost slot "
        "(pg_replication_slots.catalog_xmin).",
    .labels = kSlotLabels};
constexpr Family kConfirmedLag{.name = "pgrepl_slot_confirmed_lag_bytes",
                               .help =
                                   "WAL that the consumer of a logical slot has not confirmed "
                                   "(pg_replication_slots.confirmed_flush_lsn).",
                               .labels = kSlotLabels};
constexpr Family kTwoPhase{.name = "pgrepl_slot_two_phase",
                           .help =
                               "1 when a logical slot decodes prepared transactions; "
                               "PostgreSQL 14 and later (pg_replication_slots.two_phase).",
                           .labels = kSlotLabels};
constexpr Family kConflicting{.name = "pgrepl_slot_conflicting",
                              .help =
                                  "1 when a logical slot was invalidated by a conflict with "
                                  "recovery, in PostgreSQL 16 by anything; 16 and later "
                                  "(pg_replication_slots.conflicting).",
                              .labels = kSlotLabels};
constexpr Family kFailover{.name = "pgrepl_slot_failover",
                           .help =
                               "1 when a logical slot is to be synchronized to standbys; "
                               "PostgreSQL 17 and later (pg_replication_slots.failover).",
                           .labels = kSlotLabels};
constexpr Family kSynced{.name = "pgrepl_slot_synced",
                         .help =
                             "1 when a logical slot is a standby's copy of its primary's, 0 "
                             "on a primary, where the column has no meaning; PostgreSQL 17 "
                             "and later (pg_replication_slots.synced).",
                         .labels = kSlotLabels};
constexpr Family kSyncAge{.name = "pgrepl_slot_sync_age_seconds",
                          .help =
                              "How long ago a standby last synchronized its copy of the slot "
                              "with the primary's; up to 30 s are usual "
                              "(pg_replication_slots.inactive_since).",
                          .labels = kSlotLabels};

constexpr const Family* kFamilies[] = {
    &kCount,       &kInfo,         &kActive,  &kInactive,       &kRetained,     &kSafe,
    &kWalStatus,   &kInvalidation, &kXminAge, &kCatalogXminAge, &kConfirmedLag, &kTwoPhase,
    &kConflicting, &kFailover,     &kSynced,  &kSyncAge};

constexpr std::string_view kOfAll = R"sql(
SELECT slot_name, slot_type, plugin, database, temporary, active,
       pg_wal_lsn_diff(e.lsn, restart_lsn)::float8,
       pg_wal_lsn_diff(e.lsn, confirmed_flush_lsn)::float8,
       coalesce(confirmed_flush_lsn, restart_lsn),
       age(xmin),
       age(catalog_xmin),)sql";
constexpr std::string_view kColumns17 = R"sql(
       wal_status,
       safe_wal_size,
       two_phase,
       conflicting,
       coalesce(invalidation_reason, 'none'),
       failover,
       -- It stays true after a promotion.
       synced AND pg_is_in_recovery(),
       -- inactive_since is NULL while somebody streams.
       CASE WHEN active THEN 0
            ELSE extract(epoch FROM clock_timestamp() - inactive_since) END::float8)sql";
constexpr std::string_view kColumns16 = R"sql(
       wal_status, safe_wal_size, two_phase, conflicting, NULL, NULL, NULL, NULL)sql";
constexpr std::string_view kColumns14 = R"sql(
       wal_status, safe_wal_size, two_phase, NULL, NULL, NULL, NULL, NULL)sql";
constexpr std::string_view kColumns13 = R"sql(
       wal_status, safe_wal_size, NULL, NULL, NULL, NULL, NULL, NULL)sql";
constexpr std::string_view kColumns12 = R"sql(
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)sql";
constexpr std::string_view kFrom = R"sql(
  FROM pg_replication_slots,
       (SELECT CASE WHEN pg_is_in_recovery()
                    THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                    ELSE pg_current_wal_flush_lsn() END AS lsn) AS e
 LIMIT 1000
)sql";
constexpr Statement kStatements[] = {
    {.min_version = PgVersion(17), .sql = kJoined<kOfAll, kColumns17, kFrom>},
    {.min_version = PgVersion(16), .sql = kJoined<kOfAll, kColumns16, kFrom>},
    {.min_version = PgVersion(14), .sql = kJoined<kOfAll, kColumns14, kFrom>},
    {.min_version = PgVersion(13), .sql = kJoined<kOfAll, kColumns13, kFrom>},
    {.sql = kJoined<kOfAll, kColumns12, kFrom>},
};

enum Column {
  kName,
  kType,
  kPlugin,
  kDatabase,
  kTemporary,
  kIsActive,
  kBehind,
  kUnconfirmed,
  kConsumed,
  kXmin,
  kCatalogXmin,
  kStatus,
  kSafeSize,
  kIsTwoPhase,
  kIsConflicting,
  kReason,
  kIsFailover,
  kIsSynced,
  kAge
};

std::optional<double> NotNegative(std::optional<double> number) {
  return number ? std::optional<double>(std::max(*number, 0.0)) : std::nullopt;
}

// Columns that are not NULL and mean nothing in the state that the slot is in.
void DropTheMeaningless(Slot& slot) {
  // It never reserved WAL.
  if (slot.wal_status.empty()) slot.safe_bytes.reset();
  // It holds nothing back any more: after rows_removed or idle_timeout restart_lsn stays, and xmin
  // and catalog_xmin always do.
  if (slot.wal_status == "lost") {
    slot.retained_bytes.reset();
    slot.xmin_age.reset();
    slot.catalog_xmin_age.reset();
  }
  // A standby uses its copies for a moment with each synchronization, and nobody else can.
  if (slot.synced.value_or(false)) {
    slot.sync_age_seconds = slot.inactive_seconds;
    slot.inactive_seconds.reset();
  }
}

Slot DecodeRow(const Row& row) {
  Slot slot{.name = row.Name(kName),
            .type = row.Name(kType),
            .plugin = row.Name(kPlugin),
            .database = row.Name(kDatabase),
            .temporary = row.Bool(kTemporary).value_or(false),
            .active = row.Bool(kIsActive).value_or(false),
            .retained_bytes = NotNegative(row.Number(kBehind)),
            .safe_bytes = row.Number(kSafeSize),
            .wal_status = row.Name(kStatus),
            .invalidation_reason = row.Name(kReason),
            .confirmed_lag_bytes = NotNegative(row.Number(kUnconfirmed)),
            .xmin_age = row.Number(kXmin),
            .catalog_xmin_age = row.Number(kCatalogXmin),
            .inactive_seconds = NotNegative(row.Number(kAge)),
            .consumed = row.Position(kConsumed),
            .two_phase = row.Bool(kIsTwoPhase),
            .conflicting = row.Bool(kIsConflicting),
            .failover = row.Bool(kIsFailover),
            .synced = row.Bool(kIsSynced)};
  DropTheMeaningless(slot);
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

void EmitSlot(const Slot& slot, Samples& samples) {
  samples.Add(kInfo, 1, {slot.name, slot.type, slot.plugin, slot.database});
  samples.Add(kActive, slot.active ? 1 : 0, {slot.name, slot.type});
  samples.Add(kRetained, slot.retained_bytes, {slot.name, slot.type});
  samples.Add(kSafe, slot.safe_bytes, {slot.name, slot.type});
  if (!slot.wal_status.empty()) {
    samples.AddStates(kWalStatus, kStatuses, slot.wal_status, {slot.name, slot.type});
  }
  if (!slot.invalidation_reason.empty()) {
    samples.AddStates(kInvalidation, kReasons, slot.invalidation_reason, {slot.name, slot.type});
  }
  samples.Add(kXminAge, slot.xmin_age, {slot.name, slot.type});
  samples.Add(kCatalogXminAge, slot.catalog_xmin_age, {slot.name, slot.type});
}

void EmitLogical(const Slot& slot, Samples& samples) {
  samples.Add(kConfirmedLag, slot.confirmed_lag_bytes, {slot.name, slot.type});
  samples.Add(kTwoPhase, slot.two_phase, {slot.name, slot.type});
  samples.Add(kConflicting, slot.conflicting, {slot.name, slot.type});
  samples.Add(kFailover, slot.failover, {slot.name, slot.type});
  samples.Add(kSynced, slot.synced, {slot.name, slot.type});
  samples.Add(kSyncAge, slot.sync_age_seconds, {slot.name, slot.type});
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  const auto* fact = static_cast<const SlotsFact*>(opaque);
  if (fact == nullptr) return;
  EmitCounts(*fact, samples);
  for (std::size_t i = 0; i < fact->slots.size(); ++i) {
    const Slot& slot = fact->slots[i];
    if (slot.temporary) continue;
    EmitSlot(slot, samples);
    if (slot.type == "logical") EmitLogical(slot, samples);
    const bool seen = i < server.slot_inactive_seconds.size();
    samples.Add(kInactive, seen ? server.slot_inactive_seconds[i] : slot.inactive_seconds,
                {slot.name, slot.type});
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
                           .emit = Emit};

}  // namespace pgrepl
