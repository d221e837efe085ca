// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive_directory.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

std::string Directory(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kArchiveDirectory, OneRow(row));
}

TEST(ArchiveDirectoryTest, HasFiles) {
  EXPECT_EQ(Directory({"3", "50331648"}),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 50331648
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 3
)");
}

TEST(ArchiveDirectoryTest, IsEmpty) {
  EXPECT_EQ(Directory({"0", "0"}),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 0
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 0
)");
}

TEST(ArchiveDirectoryTest, KeepsEveryByteBelowTwoToThe53) {
  EXPECT_EQ(Directory({"1", "9007199254740991"}),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 9007199254740991
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 1
)");
}

// The local directory reader makes the same fact without any statement.
TEST(ArchiveDirectoryTest, EmitsAFactThatNoServerTold) {
  const ArchiveDirectoryFact fact{.files = 2, .bytes = 10};
  ServerView server;
  server.labels = R"(server="p")";
  server.facts[static_cast<std::size_t>(CollectorId::kArchiveDirectory)] = &fact;
  EXPECT_EQ(Exposition(CollectorId::kArchiveDirectory, server),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 10
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 2
)");
}

TEST(ArchiveDirectoryTest, NoFactIsNoSeries) {
  EXPECT_EQ(Exposition(CollectorId::kArchiveDirectory, ServerView{}), "");
}

TEST(ArchiveDirectoryTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kArchiveDirectory, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
