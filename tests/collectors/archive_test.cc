// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

std::string Archive(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kArchive, OneRow(row));
}

TEST(ArchiveTest, WorksAndHasFailedBefore) {
  EXPECT_EQ(Archive({"t", "1024", "3", "1700000000.25", "f"}),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 1
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 1024
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 3
# TYPE pgrepl_archive_last_success_timestamp_seconds gauge
pgrepl_archive_last_success_timestamp_seconds{server="p"} 1700000000.25
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 0
)");
}

TEST(ArchiveTest, ThatNeverWorkedIsFailingAndHasNoLastSuccess) {
  EXPECT_EQ(Archive({"t", "0", "3", std::nullopt, "t"}),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 1
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 0
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 3
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 1
)");
}

TEST(ArchiveTest, OfADemotedPrimaryIsNoFailure) {
  EXPECT_EQ(Archive({"f", "7", "1", "1700000000", "t"}),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 0
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 7
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 1
# TYPE pgrepl_archive_last_success_timestamp_seconds gauge
pgrepl_archive_last_success_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 0
)");
}

TEST(ArchiveTest, NothingTriedYet) {
  EXPECT_EQ(Archive({"t", "0", "0", std::nullopt, std::nullopt}),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 1
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 0
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 0
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 0
)");
}

TEST(ArchiveTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kArchive, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
