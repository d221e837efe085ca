// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

// Columns: slot_name, then txns and bytes in all; txns, count and bytes spilled, and streamed.
TEST(DecodingTest, CountsBySlot) {
  const Rows rows = RowsBuilder()
                        .AddRow({"cdc", "10", "9007199254740991", "2", "30", "4", "5", "60", "7"})
                        .AddRow({"new", "0", "0", "0", "0", "0", "0", "0", "0"})
                        .Build();
  EXPECT_EQ(Exposition(CollectorId::kDecoding, rows),
            R"(# TYPE pgrepl_decoding_transactions_total counter
pgrepl_decoding_transactions_total{server="p",slot_name="cdc"} 10
pgrepl_decoding_transactions_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_bytes_total counter
pgrepl_decoding_bytes_total{server="p",slot_name="cdc"} 9007199254740991
pgrepl_decoding_bytes_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_spilled_transactions_total counter
pgrepl_decoding_spilled_transactions_total{server="p",slot_name="cdc"} 2
pgrepl_decoding_spilled_transactions_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_spills_total counter
pgrepl_decoding_spills_total{server="p",slot_name="cdc"} 30
pgrepl_decoding_spills_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_spilled_bytes_total counter
pgrepl_decoding_spilled_bytes_total{server="p",slot_name="cdc"} 4
pgrepl_decoding_spilled_bytes_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_streamed_transactions_total counter
pgrepl_decoding_streamed_transactions_total{server="p",slot_name="cdc"} 5
pgrepl_decoding_streamed_transactions_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_streams_total counter
pgrepl_decoding_streams_total{server="p",slot_name="cdc"} 60
pgrepl_decoding_streams_total{server="p",slot_name="new"} 0
# TYPE pgrepl_decoding_streamed_bytes_total counter
pgrepl_decoding_streamed_bytes_total{server="p",slot_name="cdc"} 7
pgrepl_decoding_streamed_bytes_total{server="p",slot_name="new"} 0
)");
}

TEST(DecodingTest, NullsAndHostileTextCostNoMoreThanTheirOwnSamples) {
  EXPECT_EQ(Exposition(CollectorId::kDecoding,
                       OneRow({"a\"\\\nb\xff", std::nullopt, "many", std::nullopt, std::nullopt,
                               std::nullopt, std::nullopt, "NaN", "8"})),
            R"(# TYPE pgrepl_decoding_streamed_bytes_total counter
pgrepl_decoding_streamed_bytes_total{server="p",slot_name="a\"\\\nb?"} 8
)");
}

TEST(DecodingTest, ZeroRowsAreNoSlots) {
  EXPECT_EQ(Exposition(CollectorId::kDecoding, NoRows()), "");
}

}  // namespace
}  // namespace pgrepl
