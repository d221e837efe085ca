// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

// Columns: prefetch, hit, skip_init, skip_new, skip_fpw, skip_rep, wal_distance, block_distance,
// io_depth.
std::string Prefetch(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kPrefetch, OneRow(row));
}

TEST(PrefetchTest, HasAllResults) {
  EXPECT_EQ(Prefetch({"1", "2", "3", "4", "5", "6", "65536", "12", "10"}),
            R"(# TYPE pgrepl_recovery_prefetch_blocks_total counter
pgrepl_recovery_prefetch_blocks_total{server="p",result="prefetch"} 1
pgrepl_recovery_prefetch_blocks_total{server="p",result="hit"} 2
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_init"} 3
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_new"} 4
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_fpw"} 5
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_rep"} 6
# TYPE pgrepl_recovery_prefetch_wal_distance_bytes gauge
pgrepl_recovery_prefetch_wal_distance_bytes{server="p"} 65536
# TYPE pgrepl_recovery_prefetch_block_distance gauge
pgrepl_recovery_prefetch_block_distance{server="p"} 12
# TYPE pgrepl_recovery_prefetch_io_depth gauge
pgrepl_recovery_prefetch_io_depth{server="p"} 10
)");
}

TEST(PrefetchTest, NullCostsItsOwnSeries) {
  EXPECT_EQ(Prefetch({"0", std::nullopt, "0", "0", "0", "\xff'\n{}", std::nullopt, "0", "0"}),
            R"(# TYPE pgrepl_recovery_prefetch_blocks_total counter
pgrepl_recovery_prefetch_blocks_total{server="p",result="prefetch"} 0
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_init"} 0
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_new"} 0
pgrepl_recovery_prefetch_blocks_total{server="p",result="skip_fpw"} 0
# TYPE pgrepl_recovery_prefetch_block_distance gauge
pgrepl_recovery_prefetch_block_distance{server="p"} 0
# TYPE pgrepl_recovery_prefetch_io_depth gauge
pgrepl_recovery_prefetch_io_depth{server="p"} 0
)");
}

TEST(PrefetchTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kPrefetch, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
