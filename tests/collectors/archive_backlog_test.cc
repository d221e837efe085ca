// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

std::string Backlog(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kArchiveBacklog, OneRow(row));
}

TEST(ArchiveBacklogTest, SomeFilesWait) {
  EXPECT_EQ(Backlog({"214", "3601.5"}),
            R"(# TYPE pgrepl_archive_ready_files gauge
pgrepl_archive_ready_files{server="p"} 214
# TYPE pgrepl_archive_oldest_ready_age_seconds gauge
pgrepl_archive_oldest_ready_age_seconds{server="p"} 3601.5
)");
}

TEST(ArchiveBacklogTest, NothingWaits) {
  EXPECT_EQ(Backlog({"0", std::nullopt}),
            R"(# TYPE pgrepl_archive_ready_files gauge
pgrepl_archive_ready_files{server="p"} 0
# TYPE pgrepl_archive_oldest_ready_age_seconds gauge
pgrepl_archive_oldest_ready_age_seconds{server="p"} 0
)");
}

TEST(ArchiveBacklogTest, AFileFromTheFutureHasNoNegativeAge) {
  EXPECT_EQ(Backlog({"1", "-0.004"}),
            R"(# TYPE pgrepl_archive_ready_files gauge
pgrepl_archive_ready_files{server="p"} 1
# TYPE pgrepl_archive_oldest_ready_age_seconds gauge
pgrepl_archive_oldest_ready_age_seconds{server="p"} 0
)");
}

TEST(ArchiveBacklogTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kArchiveBacklog, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
