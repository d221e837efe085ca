// SPDX-License-Identifier: Apache-2.0
#include "collectors/wal_budget.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

// Columns: wal_keep_size, max_slot_wal_keep_size, max_wal_size, wal_segment_size, in bytes.
std::string Budget(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kWalBudget, OneRow(row));
}

TEST(WalBudgetTest, AllIsLimited) {
  EXPECT_EQ(Budget({"536870912", "10737418240", "1073741824", "16777216"}),
            R"(# TYPE pgrepl_wal_keep_size_bytes gauge
pgrepl_wal_keep_size_bytes{server="p"} 536870912
# TYPE pgrepl_max_slot_wal_keep_size_bytes gauge
pgrepl_max_slot_wal_keep_size_bytes{server="p"} 10737418240
# TYPE pgrepl_max_wal_size_bytes gauge
pgrepl_max_wal_size_bytes{server="p"} 1073741824
# TYPE pgrepl_wal_segment_size_bytes gauge
pgrepl_wal_segment_size_bytes{server="p"} 16777216
)");
}

// A limit of 0 holds nothing back; none at all is no 0.
TEST(WalBudgetTest, NoLimitIsAbsentAndZeroIsNot) {
  EXPECT_EQ(Budget({"0", std::nullopt, "1073741824", "16777216"}),
            R"(# TYPE pgrepl_wal_keep_size_bytes gauge
pgrepl_wal_keep_size_bytes{server="p"} 0
# TYPE pgrepl_max_wal_size_bytes gauge
pgrepl_max_wal_size_bytes{server="p"} 1073741824
# TYPE pgrepl_wal_segment_size_bytes gauge
pgrepl_wal_segment_size_bytes{server="p"} 16777216
)");
}

TEST(WalBudgetTest, WhatCannotBeReadIsLeftOut) {
  EXPECT_EQ(Budget({std::nullopt, std::nullopt, "\xff'\n{}", std::nullopt}), "");
}

// The counter comes from the exporter's memory: it outlives a server that doesn't answer.
TEST(WalBudgetTest, WhatWasWrittenIsKnownWithoutTheServer) {
  ServerView server;
  server.labels = R"(server="p")";
  server.wal_written_bytes = 0;
  EXPECT_EQ(Exposition(CollectorId::kWalBudget, server),
            R"(# TYPE pgrepl_wal_written_bytes_total counter
pgrepl_wal_written_bytes_total{server="p"} 0
)");
}

TEST(WalBudgetTest, AStandbyWritesNone) {
  EXPECT_EQ(Exposition(CollectorId::kWalBudget, ServerView{}), "");
}

TEST(WalBudgetTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kWalBudget, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
