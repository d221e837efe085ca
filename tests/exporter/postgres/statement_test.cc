// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/statement.h"

#include <gtest/gtest.h>

namespace pgrepl {
namespace {

constexpr Statement kStatements[] = {
    {.min_version = PgVersion(17), .sql = "17"},
    {.min_version = PgVersion(14), .role = Role::kStandby, .sql = "14 standby"},
    {.role = Role::kStandby, .sql = "old standby"},
    {.min_version = PgVersion(13), .role = Role::kPrimary, .sql = "13 primary"},
};

std::string_view Chosen(int version, Role role, int passed_over = 0) {
  const Statement* statement = Choose(kStatements, version, role, passed_over);
  return statement == nullptr ? "none" : statement->sql;
}

constexpr std::string_view kSelect = "\nSELECT 1,", kColumn = "\n       2", kEnd = "\n";

TEST(StatementTest, PartsAreJoinedInTheirOrder) {
  EXPECT_EQ((kJoined<kSelect, kColumn, kEnd>), "\nSELECT 1,\n       2\n");
  EXPECT_EQ((kJoined<kEnd>), "\n");
}

TEST(StatementTest, FirstThatFitsVersionAndRoleIsChosen) {
  EXPECT_EQ(Chosen(170004, Role::kPrimary), "17");
  EXPECT_EQ(Chosen(170004, Role::kStandby), "17");
  EXPECT_EQ(Chosen(160009, Role::kStandby), "14 standby");
  EXPECT_EQ(Chosen(160009, Role::kPrimary), "13 primary");
  EXPECT_EQ(Chosen(120022, Role::kStandby), "old standby");
}

TEST(StatementTest, VersionIsCountedFromTheFirstReleaseOfAMajor) {
  EXPECT_EQ(Chosen(140000, Role::kStandby), "14 standby");
  EXPECT_EQ(Chosen(139999, Role::kStandby), "old standby");
}

TEST(StatementTest, LastVersionIsIncluded) {
  constexpr Statement kRanges[] = {{.max_version = PgVersion(14) - 1, .sql = "13"},
                                   {.min_version = PgVersion(16), .sql = "16"}};
  EXPECT_EQ(Choose(kRanges, 130022, Role::kPrimary)->sql, "13");
  EXPECT_EQ(Choose(kRanges, 139999, Role::kPrimary)->sql, "13");
  EXPECT_EQ(Choose(kRanges, 140000, Role::kPrimary), nullptr);
  EXPECT_EQ(Choose(kRanges, 170000, Role::kPrimary)->sql, "16");
}

TEST(StatementTest, ThoseThatAServerDoesNotUnderstandArePassedOver) {
  EXPECT_EQ(Chosen(170004, Role::kStandby, 1), "14 standby");
  EXPECT_EQ(Chosen(170004, Role::kStandby, 2), "old standby");
  EXPECT_EQ(Chosen(170004, Role::kStandby, 3), "none");
  EXPECT_EQ(Chosen(170004, Role::kPrimary, 1), "13 primary");
  EXPECT_EQ(Chosen(160009, Role::kPrimary, 1), "none");
}

TEST(StatementTest, NoneFits) {
  EXPECT_EQ(Chosen(120022, Role::kPrimary), "none");
  EXPECT_EQ(Choose({}, 150000, Role::kPrimary), nullptr);
}

}  // namespace
}  // namespace pgrepl
