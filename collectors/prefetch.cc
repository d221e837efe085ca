// Whether replay finds the blocks it needs in memory: what a standby is slow by whose disk can't keep
// up with its primary's.
// Source: pg_catalog.pg_stat_recovery_prefetch (15+; PostgreSQL manual, "pg_stat_recovery_prefetch").
// Privilege: none. Always one row; with recovery_prefetch off it stands still.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <iterator>

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kResultLabels[] = {"result"};

constexpr Family kBlocks{.name = "pgrepl_recovery_prefetch_blocks_total",
                         .type = MetricType::kCounter,
                         .help =
                             "Blocks that WAL ahead of replay refers to: read ahead (prefetch), in "
                             "memory already (hit), or skipped, since replay writes them anew "
                             "(skip_init), they didn't exist (skip_new), the WAL holds them whole "
                             "(skip_fpw) or they had just been seen (skip_rep) "
                             "(pg_stat_recovery_prefetch).",
                         .labels = kResultLabels};
constexpr Family kWalDistance{.name = "pgrepl_recovery_prefetch_wal_distance_bytes",
                              .help =
                                  "How many WAL bytes ahead of replay blocks are looked for "
                                  "(pg_stat_recovery_prefetch.wal_distance)."};
constexpr Family kBlockDistance{.name = "pgrepl_recovery_prefetch_block_distance",
                                .help =
                                    "Blocks that are looked for ahead of replay "
                                    "(pg_stat_recovery_prefetch.block_distance)."};
constexpr Family kIoDepth{.name = "pgrepl_recovery_prefetch_io_depth",
                          .help =
                              "Reads that were begun ahead of replay and may be under way, at "
                              "most maintenance_io_concurrency "
                              "(pg_stat_recovery_prefetch.io_depth)."};

constexpr const Family* kFamilies[] = {&kBlocks, &kWalDistance, &kBlockDistance, &kIoDepth};

constexpr Statement kStatements[] = {
    {.min_version = PgVersion(15), .role = Role::kStandby, .sql = R"sql(
SELECT prefetch, hit, skip_init, skip_new, skip_fpw, skip_rep,
       wal_distance, block_distance, io_depth
  FROM pg_stat_recovery_prefetch
)sql"}};

// In the order of the statement's first columns, and called as they are.
constexpr std::string_view kResults[] = {"prefetch", "hit",      "skip_init",
                                         "skip_new", "skip_fpw", "skip_rep"};
enum Column { kFirstResult, kDistanceInWal = std::size(kResults), kDistanceInBlocks, kDepth };

struct PrefetchFact {
  std::array<std::optional<double>, std::size(kResults)> blocks;
  std::optional<double> wal_distance, block_distance, io_depth;
};

Result<PrefetchFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  PrefetchFact fact{.blocks = {},
                    .wal_distance = row.Number(kDistanceInWal),
                    .block_distance = row.Number(kDistanceInBlocks),
                    .io_depth = row.Number(kDepth)};
  for (std::size_t i = 0; i < fact.blocks.size(); ++i) {
    fact.blocks[i] = row.Number(kFirstResult + static_cast<int>(i));
  }
  return fact;
}

void Emit(const PrefetchFact& fact, Samples& samples) {
  for (std::size_t i = 0; i < fact.blocks.size(); ++i) {
    samples.Add(kBlocks, fact.blocks[i], {kResults[i]});
  }
  samples.Add(kWalDistance, fact.wal_distance);
  samples.Add(kBlockDistance, fact.block_distance);
  samples.Add(kIoDepth, fact.io_depth);
}

}  // namespace

extern const Collector kPrefetch;
constexpr Collector kPrefetch{.name = "prefetch",
                              .help = "what replay finds in memory, and what it prefetches",
                              .cadence = Cadence::kNormal,
                              .families = kFamilies,
                              .statements = kStatements,
                              .decode = DecodeAs<PrefetchFact, Decode>,
                              .emit = EmitFact<PrefetchFact, Emit>};

}  // namespace pgrepl
