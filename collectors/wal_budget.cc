// What bounds the WAL that each server keeps, and how fast a primary writes it: with the size on
// disk (wal.cc), the room there (wal_filesystem.cc) and what slots hold back (slots.cc) that says
// when the disk is full or a standby loses its WAL.
// Source: wal_keep_size (13+, before: wal_keep_segments), max_slot_wal_keep_size (13+),
// max_wal_size, wal_segment_size (PostgreSQL manual, "Replication", "Write Ahead Log").
// Privilege: none.
// pg_stat_wal (14+) is left out: it counts the same WAL without what a segment switch leaves empty,
// and on a standby nothing.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/wal_budget.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr Family kKeep{.name = "pgrepl_wal_keep_size_bytes",
                       .help =
                           "WAL that is kept at least, for standbys without a slot "
                           "(wal_keep_size; on 12 wal_keep_segments)."};
constexpr Family kSlotKeep{.name = "pgrepl_max_slot_wal_keep_size_bytes",
                           .help =
                               "WAL that a slot may hold back before it is lost, absent without "
                               "a limit (max_slot_wal_keep_size, 13 and later)."};
constexpr Family kMaxSize{.name = "pgrepl_max_wal_size_bytes",
                          .help =
                              "Soft limit of the WAL on disk, kept by earlier checkpoints while "
                              "neither slots nor wal_keep_size nor a failing archive hold more "
                              "back (max_wal_size)."};
constexpr Family kSegment{.name = "pgrepl_wal_segment_size_bytes",
                          .help = "Size of a WAL segment (wal_segment_size)."};
constexpr Family kWritten{.name = "pgrepl_wal_written_bytes_total",
                          .type = MetricType::kCounter,
                          .help =
                              "WAL that this server has written as a primary since the exporter "
                              "watches it: its forward steps (pg_current_wal_flush_lsn())."};

constexpr const Family* kFamilies[] = {&kKeep, &kSlotKeep, &kMaxSize, &kSegment, &kWritten};

constexpr Statement kStatements[] = {{.min_version = PgVersion(13), .sql = R"sql(
SELECT pg_size_bytes(current_setting('wal_keep_size')),
       nullif(pg_size_bytes(current_setting('max_slot_wal_keep_size')), -1),
       pg_size_bytes(current_setting('max_wal_size')),
       pg_size_bytes(current_setting('wal_segment_size'))
)sql"},
                                     {.sql = R"sql(
SELECT current_setting('wal_keep_segments')::int8
         * pg_size_bytes(current_setting('wal_segment_size')),
       NULL,
       pg_size_bytes(current_setting('max_wal_size')),
       pg_size_bytes(current_setting('wal_segment_size'))
)sql"}};

enum Column { kKeepSize, kSlotKeepSize, kMaxWalSize, kSegmentSize };

Result<WalBudgetFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  return WalBudgetFact{.keep = row.Integer(kKeepSize),
                       .slot_keep = row.Integer(kSlotKeepSize),
                       .max_size = row.Integer(kMaxWalSize),
                       .segment = row.Integer(kSegmentSize)};
}

void AddSize(const Family& family, std::optional<std::int64_t> bytes, Samples& samples) {
  if (bytes) samples.Add(family, static_cast<double>(*bytes));
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  samples.Add(kWritten, server.wal_written_bytes);
  const auto* fact = static_cast<const WalBudgetFact*>(opaque);
  if (fact == nullptr) return;
  AddSize(kKeep, fact->keep, samples);
  AddSize(kSlotKeep, fact->slot_keep, samples);
  AddSize(kMaxSize, fact->max_size, samples);
  AddSize(kSegment, fact->segment, samples);
}

}  // namespace

extern const Collector kWalBudget;
constexpr Collector kWalBudget{.name = "wal_budget",
                               .help = "how much WAL is kept, and how fast it is written",
                               .cadence = Cadence::kNormal,
                               .families = kFamilies,
                               .statements = kStatements,
                               .decode = DecodeAs<WalBudgetFact, Decode>,
                               .emit = Emit};

}  // namespace pgrepl
