// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive_directory.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

std::string Page(const ArchiveDirectoryFact& fact, std::int64_t segment_bytes = 16 << 20) {
  ServerView server;
  server.labels = R"(server="p")";
  server.wal_segment_bytes = segment_bytes;
  server.facts[static_cast<std::size_t>(CollectorId::kArchiveDirectory)] = &fact;
  return Exposition(CollectorId::kArchiveDirectory, server);
}

// Columns: files, bytes; of the newest timeline the oldest and the newest segment, and how many.
std::string Directory(std::initializer_list<RowsBuilder::Value> row,
                      std::int64_t segment_bytes = 16 << 20) {
  const FactPtr fact = *Decode(CollectorId::kArchiveDirectory, OneRow(row));
  return Page(*static_cast<const ArchiveDirectoryFact*>(fact.get()), segment_bytes);
}

// The gap alone; empty: there is none.
std::string Gap(RowsBuilder::Value oldest, RowsBuilder::Value newest, RowsBuilder::Value segments,
                std::int64_t segment_bytes = 16 << 20) {
  const std::string page = Directory({"9", "1", oldest, newest, segments}, segment_bytes);
  const std::string name = "pgrepl_archive_gap{server=\"p\"} ";
  const std::size_t at = page.find(name);
  return at == std::string::npos
             ? ""
             : page.substr(at + name.size(), page.size() - at - name.size() - 1);
}

TEST(ArchiveDirectoryTest, HasAllSegments) {
  EXPECT_EQ(
      Directory({"3", "50331648", "000000010000000000000001", "000000010000000000000003", "3"}),
      R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 50331648
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 3
# TYPE pgrepl_archive_gap gauge
pgrepl_archive_gap{server="p"} 0
)");
}

TEST(ArchiveDirectoryTest, IsEmpty) {
  EXPECT_EQ(Directory({"0", "0", std::nullopt, std::nullopt, "0"}),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 0
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 0
)");
}

TEST(ArchiveDirectoryTest, IsOnAFileSystemOfItsOwn) {
  EXPECT_EQ(Page({.filesystem = FilesystemFact{.size = 107374182400, .avail = 4096}}),
            R"(# TYPE pgrepl_archive_size_bytes gauge
pgrepl_archive_size_bytes{server="p"} 0
# TYPE pgrepl_archive_files gauge
pgrepl_archive_files{server="p"} 0
# TYPE pgrepl_archive_filesystem_size_bytes gauge
pgrepl_archive_filesystem_size_bytes{server="p"} 107374182400
# TYPE pgrepl_archive_filesystem_avail_bytes gauge
pgrepl_archive_filesystem_avail_bytes{server="p"} 4096
)");
}

TEST(ArchiveDirectoryTest, GapIsWhatIsMissingInBetween) {
  EXPECT_EQ(Gap("000000010000000000000001", "000000010000000000000001", "1"), "0");
  EXPECT_EQ(Gap("000000010000000000000001", "000000010000000000000009", "5"), "4");
  // The number within 4 GB ends at FF, or at 3 with segments of 1 GB.
  EXPECT_EQ(Gap("0000000200000001000000FE", "000000020000000200000001", "4"), "0");
  EXPECT_EQ(Gap("000000020000000100000002", "000000020000000200000001", "3", 1 << 30), "1");
}

TEST(ArchiveDirectoryTest, NobodyKnowsAGapWithoutTheSegmentSize) {
  EXPECT_EQ(Gap("000000010000000000000001", "000000010000000000000009", "5", 0), "");
  EXPECT_EQ(Gap("0000000100000000000000FE", "0000000100000000000000FF", "2", 1 << 30), "")
      << "not a size that these can be of";
}

TEST(ArchiveDirectoryTest, SegmentsMayBeCompressedOrEncrypted) {
  const std::string segment = "00000001000000160000000A";
  for (const char* suffix : {"", ".gz", ".zst", ".lz4.gpg", ".xz.enc"}) {
    EXPECT_EQ(SegmentOf(segment + suffix), segment) << suffix;
  }
  for (const char* suffix : {".partial", ".00000028.backup", ".tmp", ".gz.tmp", "gz", ".", ".gz.",
                             "..gz", "0", "-3f2a.gz"}) {
    EXPECT_EQ(SegmentOf(segment + suffix), "") << suffix;
  }
  for (const char* other : {"", "00000002.history", "00000001000000160000000a",
                            "0000000100000016000000G0", "00000001000000160000000"}) {
    EXPECT_EQ(SegmentOf(other), "") << other;
  }
}

TEST(ArchiveDirectoryTest, KeepsEveryByteBelowTwoToThe53) {
  EXPECT_EQ(Directory({"1", "9007199254740991", std::nullopt, std::nullopt, "0"}),
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
