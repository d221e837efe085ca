// SPDX-License-Identifier: Apache-2.0
#include "collectors/wal.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: segments, their size, name of the oldest on whichever timeline, wal_segment_size.
std::string Wal(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kWal, OneRow(row));
}

TEST(WalTest, CountsSegmentsAndSaysHowFarBackTheyReach) {
  EXPECT_EQ(Wal({"3", "50331648", "000000010000000000000005", "16777216"}),
            R"(# TYPE pgrepl_wal_files gauge
pgrepl_wal_files{server="p"} 3
# TYPE pgrepl_wal_directory_bytes gauge
pgrepl_wal_directory_bytes{server="p"} 50331648
# TYPE pgrepl_wal_oldest_kept_bytes gauge
pgrepl_wal_oldest_kept_bytes{server="p"} 83886080
)");
}

TEST(WalTest, OldestIsAPosition) {
  const auto decoded =
      Decode(CollectorId::kWal, OneRow({"1", "1048576", "000000010000001600000FFF", "1048576"}));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(static_cast<const WalFact*>(decoded->get())->oldest, Lsn::Parse("16/FFF00000"));
}

TEST(WalTest, EmptyDirectoryIsZeroWithoutAnOldest) {
  EXPECT_EQ(Wal({"0", kNull, kNull, "16777216"}), R"(# TYPE pgrepl_wal_files gauge
pgrepl_wal_files{server="p"} 0
# TYPE pgrepl_wal_directory_bytes gauge
pgrepl_wal_directory_bytes{server="p"} 0
)");
}

TEST(WalTest, NameOrSizeThatMakesNoSenseIsNoPosition) {
  for (const RowsBuilder::Value name :
       {"", "00000001", "000000010000000000000g05", "../../../../etc/passwd\n", "\xff\"}"}) {
    EXPECT_EQ(Wal({"1", "16777216", name, "16777216"}).find("oldest_kept"), std::string::npos);
  }
  EXPECT_EQ(Wal({"1", "16777216", "000000010000000000000005", kNull}).find("oldest_kept"),
            std::string::npos);
}

TEST(WalTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kWal, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
