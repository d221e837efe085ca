// What PostgreSQL 15 makes of each of these settings was seen by setting it.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/sync_requirement.h"

#include <gtest/gtest.h>

#include <random>

namespace pgrepl {
namespace {

struct Case {
  std::string_view setting;
  SyncRequirement wanted;
};

SyncRequirement First(int number, std::vector<std::string> names) {
  return {SyncMethod::kFirst, number, std::move(names)};
}
SyncRequirement Any(int number, std::vector<std::string> names) {
  return {SyncMethod::kAny, number, std::move(names)};
}

void ExpectEach(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const SyncRequirement read = ParseSynchronousStandbyNames(one.setting);
    EXPECT_EQ(read.method, one.wanted.method) << one.setting;
    EXPECT_EQ(read.number, one.wanted.number) << one.setting;
    EXPECT_EQ(read.names, one.wanted.names) << one.setting;
  }
}

TEST(SyncRequirementTest, ListAloneAsksForItsFirst) {
  ExpectEach({
      {"s1", First(1, {"s1"})},
      {"s1,s2", First(1, {"s1", "s2"})},
      {" s1 ,\ts2\n,\r\fs3\v", First(1, {"s1", "s2", "s3"})},
      {"*", First(1, {"*"})},
      {"S1, *", First(1, {"S1", "*"})},
      {"_a$1", First(1, {"_a$1"})},
      {"b\xc3\xbcro", First(1, {"b\xc3\xbcro"})},
  });
}

TEST(SyncRequirementTest, NumberStandsBeforeAListInBrackets) {
  ExpectEach({
      {"2 (s1, s2, s3)", First(2, {"s1", "s2", "s3"})},
      {"2(s1)", First(2, {"s1"})},
      {"FIRST 2 (s1, s2)", First(2, {"s1", "s2"})},
      {"fIrSt 1(*)", First(1, {"*"})},
      {"ANY 2 (s1, s2, s3)", Any(2, {"s1", "s2", "s3"})},
      {"any\n3(\"a\",*)", Any(3, {"a", "*"})},
      {"FIRST 007 (s1)", First(7, {"s1"})},
  });
}

TEST(SyncRequirementTest, NumbersAreNamesToo) {
  ExpectEach({
      {"2", First(1, {"2"})},
      {"2, s1", First(1, {"2", "s1"})},
      {"s1, 2", First(1, {"s1", "2"})},
      {"2 (3, 4)", First(2, {"3", "4"})},
  });
}

TEST(SyncRequirementTest, QuotesHoldAnythingAndKeywordsToo) {
  ExpectEach({
      {R"("s-1")", First(1, {"s-1"})},
      {R"("a ""b"" (,")", First(1, {R"(a "b" (,)"})},
      {R"("""")", First(1, {"\""})},
      {R"("")", First(1, {""})},
      {R"("first", "any")", First(1, {"first", "any"})},
      {"anyone, firstborn", First(1, {"anyone", "firstborn"})},
      {"ANY 1 (\"S 1\")", Any(1, {"S 1"})},
  });
}

TEST(SyncRequirementTest, WhatPostgresRefusesAsksForNothing) {
  using namespace std::string_view_literals;
  constexpr std::string_view kRefused[] = {"",
                                           " ",
                                           ",",
                                           "s1,",
                                           ",s1",
                                           "s1 s2",
                                           "s1;",
                                           "s-1",
                                           "1a",
                                           "(s1)",
                                           "s1 (s2)",
                                           "2 (s1",
                                           "2 s1)",
                                           "2 ()",
                                           "2 (s1) s2",
                                           "2 (s1, (s2))",
                                           "0 (s1)",
                                           "-1 (s1)",
                                           "2.5 (s1)",
                                           "99999999999999999999 (s1)",
                                           "FIRST",
                                           "ANY",
                                           "FIRST (s1)",
                                           "FIRST 2",
                                           "ANY 2 s1",
                                           "ANY two (s1)",
                                           "ANY FIRST 2 (s1)",
                                           "first, s1",
                                           "s1, any",
                                           "\"s1",
                                           "\"",
                                           "\"\"\"",
                                           "s1\"",
                                           "'s1'",
                                           "%s%n",
                                           "s1\0"sv,
                                           "\0"sv};
  for (const std::string_view setting : kRefused) {
    EXPECT_EQ(ParseSynchronousStandbyNames(setting), SyncRequirement{}) << setting;
  }
}

TEST(SyncRequirementTest, LongListsCostNoStack) {
  std::string setting = "s";
  for (int i = 0; i < 1'000'000; ++i) setting += ",s";
  EXPECT_EQ(ParseSynchronousStandbyNames(setting).names.size(), 1'000'001U);
}

// Under the sanitizers: no text is read past its end, and all of it comes to an end.
TEST(SyncRequirementTest, GarbageIsSurvived) {
  constexpr std::string_view kPieces[] = {"ANY", "first", " ", "(", ")",    ",",    "\"",
                                          "2",   "s1",    "*", "-", "\"\"", "\xff", "\n"};
  std::mt19937 random(4711);  // NOLINT(*-msc51-cpp): the same texts each time
  std::uniform_int_distribution<std::size_t> piece(0, std::size(kPieces) - 1);
  for (int i = 0; i < 20'000; ++i) {
    std::string setting;
    for (int length = i % 12; length > 0; --length) setting += kPieces[piece(random)];
    const SyncRequirement read = ParseSynchronousStandbyNames(setting);
    EXPECT_EQ(read.method == SyncMethod::kNone, read.names.empty()) << setting;
    EXPECT_EQ(read.method == SyncMethod::kNone, read.number == 0) << setting;
  }
}

}  // namespace
}  // namespace pgrepl
