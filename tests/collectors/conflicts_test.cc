// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: we may see others, age of the oldest transaction, then one for each type.
std::string Conflicts(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kConflicts, OneRow(row));
}

TEST(ConflictsTest, CountsByType) {
  EXPECT_EQ(Conflicts({"t", "61.5", "1", "2", "3", "4", "5", "6"}),
            R"(# TYPE pgrepl_recovery_conflicts_total counter
pgrepl_recovery_conflicts_total{server="p",type="tablespace"} 1
pgrepl_recovery_conflicts_total{server="p",type="lock"} 2
pgrepl_recovery_conflicts_total{server="p",type="snapshot"} 3
pgrepl_recovery_conflicts_total{server="p",type="bufferpin"} 4
pgrepl_recovery_conflicts_total{server="p",type="deadlock"} 5
pgrepl_recovery_conflicts_total{server="p",type="active_logicalslot"} 6
# TYPE pgrepl_oldest_standby_query_seconds gauge
pgrepl_oldest_standby_query_seconds{server="p"} 61.5
)");
}

TEST(ConflictsTest, TypeThatTheVersionLacksIsAbsentAndNoQueryIsZero) {
  EXPECT_EQ(Conflicts({"t", kNull, "0", "0", "0", "0", "0", kNull}),
            R"(# TYPE pgrepl_recovery_conflicts_total counter
pgrepl_recovery_conflicts_total{server="p",type="tablespace"} 0
pgrepl_recovery_conflicts_total{server="p",type="lock"} 0
pgrepl_recovery_conflicts_total{server="p",type="snapshot"} 0
pgrepl_recovery_conflicts_total{server="p",type="bufferpin"} 0
pgrepl_recovery_conflicts_total{server="p",type="deadlock"} 0
# TYPE pgrepl_oldest_standby_query_seconds gauge
pgrepl_oldest_standby_query_seconds{server="p"} 0
)");
}

// The server's clock was set back.
TEST(ConflictsTest, AgeIsNeverNegative) {
  EXPECT_EQ(Conflicts({"t", "-3", kNull, kNull, kNull, kNull, kNull, kNull}),
            "# TYPE pgrepl_oldest_standby_query_seconds gauge\n"
            "pgrepl_oldest_standby_query_seconds{server=\"p\"} 0\n");
}

TEST(ConflictsTest, NumbersThatAreNoneCostTheirOwnSampleOnly) {
  EXPECT_EQ(Conflicts({"t", "oops", "1", "\xff", "", "x\"}", kNull, "NaN"}),
            R"(# TYPE pgrepl_recovery_conflicts_total counter
pgrepl_recovery_conflicts_total{server="p",type="tablespace"} 1
# TYPE pgrepl_oldest_standby_query_seconds gauge
pgrepl_oldest_standby_query_seconds{server="p"} 0
)");
}

TEST(ConflictsTest, MissingRightCostsTheSessionsAloneAndIsToldWithTheRemedy) {
  const auto row = [] { return OneRow({"f", kNull, "1", "2", "3", "4", "5", kNull}); };
  EXPECT_EQ(Exposition(CollectorId::kConflicts, row()),
            R"(# TYPE pgrepl_recovery_conflicts_total counter
pgrepl_recovery_conflicts_total{server="p",type="tablespace"} 1
pgrepl_recovery_conflicts_total{server="p",type="lock"} 2
pgrepl_recovery_conflicts_total{server="p",type="snapshot"} 3
pgrepl_recovery_conflicts_total{server="p",type="bufferpin"} 4
pgrepl_recovery_conflicts_total{server="p",type="deadlock"} 5
)");
  const std::optional<Error> hidden = HiddenOf(CollectorId::kConflicts, row());
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->message, "pg_stat_activity hides other sessions from this role");
  EXPECT_EQ(hidden->sqlstate, "42501");
  EXPECT_EQ(hidden->hint, "GRANT pg_monitor TO the exporter's role.");
}

TEST(ConflictsTest, WithTheRightNothingIsHidden) {
  EXPECT_FALSE(
      HiddenOf(CollectorId::kConflicts, OneRow({"t", kNull, "1", "2", "3", "4", "5", kNull})));
}

TEST(ConflictsTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kConflicts, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
