// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

using Value = RowsBuilder::Value;

// Columns: archives, archived_count, failed_count, last_archived_time, failing; then
// last_archived_wal, wal_segment_size, archive_timeout, of which the page has nothing;
// last_failed_time.
Rows RowOf(Value enabled, Value archived, Value failed, Value last, Value failing, Value file) {
  return OneRow({enabled, archived, failed, last, failing, file, "16777216", "300", std::nullopt});
}

std::string Archive(Value enabled, Value archived, Value failed, Value last, Value failing,
                    Value last_failed = std::nullopt) {
  return Exposition(CollectorId::kArchive, OneRow({enabled, archived, failed, last, failing,
                                                   std::nullopt, "16777216", "300", last_failed}));
}

ArchiveFact FactOf(const Rows& rows) {
  return *static_cast<const ArchiveFact*>(Decode(CollectorId::kArchive, rows).value().get());
}

TEST(ArchiveTest, ReachesToTheEndOfTheLastSegment) {
  const ArchiveFact fact =
      FactOf(RowOf("t", "7", "0", "1700000000", "f", "000000030000001600000007"));
  EXPECT_EQ(fact.archived_end, Lsn::Parse("16/8000000"));
  EXPECT_EQ(fact.timeout, 300);
}

TEST(ArchiveTest, WhatIsNoSegmentSaysNothingOfItsReach) {
  for (const Value file : {Value(), Value(""), Value("00000002.history"),
                           Value("000000010000000000000005.00000028.backup"),
                           Value("000000010000000000000004.partial"), Value("\xff'\n{}")}) {
    const ArchiveFact fact = FactOf(RowOf("t", "7", "0", "1700000000", "f", file));
    EXPECT_EQ(fact.archived_end, std::nullopt) << file.value_or("NULL");
  }
}

TEST(ArchiveTest, SettingsThatCantBeReadCostTheirOwnFactsOnly) {
  const ArchiveFact fact =
      FactOf(OneRow({"t", "7", "0", "1700000000", "f", "000000030000001600000007", std::nullopt,
                     std::nullopt, std::nullopt}));
  EXPECT_EQ(fact.archived, 7);
  EXPECT_EQ(fact.archived_end, std::nullopt);
  EXPECT_EQ(fact.timeout, 0);
}

TEST(ArchiveTest, WorksAndHasFailedBefore) {
  EXPECT_EQ(Archive("t", "1024", "3", "1700000000.25", "f", "1600000000.5"),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 1
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 1024
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 3
# TYPE pgrepl_archive_last_success_timestamp_seconds gauge
pgrepl_archive_last_success_timestamp_seconds{server="p"} 1700000000.25
# TYPE pgrepl_archive_last_failure_timestamp_seconds gauge
pgrepl_archive_last_failure_timestamp_seconds{server="p"} 1600000000.5
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 0
)");
}

TEST(ArchiveTest, ThatNeverWorkedIsFailingAndHasNoLastSuccess) {
  EXPECT_EQ(Archive("t", "0", "3", std::nullopt, "t", "1700000000"),
            R"(# TYPE pgrepl_archive_enabled gauge
pgrepl_archive_enabled{server="p"} 1
# TYPE pgrepl_archived_total counter
pgrepl_archived_total{server="p"} 0
# TYPE pgrepl_archive_failed_total counter
pgrepl_archive_failed_total{server="p"} 3
# TYPE pgrepl_archive_last_failure_timestamp_seconds gauge
pgrepl_archive_last_failure_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_archive_failing gauge
pgrepl_archive_failing{server="p"} 1
)");
}

TEST(ArchiveTest, OfADemotedPrimaryIsNoFailure) {
  EXPECT_EQ(Archive("f", "7", "1", "1700000000", "t"),
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
  EXPECT_EQ(Archive("t", "0", "0", std::nullopt, std::nullopt),
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
