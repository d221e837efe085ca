// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/agenda.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000h);
constexpr std::size_t IndexOf(CollectorId id) { return static_cast<std::size_t>(id); }
constexpr std::size_t kLagIndex = IndexOf(CollectorId::kLag);
constexpr std::size_t kConflictsIndex = IndexOf(CollectorId::kConflicts);
constexpr std::size_t kWalIndex = IndexOf(CollectorId::kWal);
constexpr std::size_t kDirectoryIndex = IndexOf(CollectorId::kArchiveDirectory);

const Error kUndefinedColumn{"column does not exist", "42703"};

/// A standby of 16, whose conflicts have a statement of their own.
class AgendaTest : public testing::Test {
 protected:
  AgendaTest() { agenda_.Connect(PgVersion(16), kStart); }

  static Agenda::Options Everything() {
    return {.has_archive_directory = true, .interval = 10s, .slow_interval = 60s};
  }

  [[nodiscard]] bool IsDue(std::size_t collector, Duration after) const {
    return agenda_.IsDue(collector, Role::kStandby, kStart + after);
  }

  // Which of a collector's statements it would be, 0 for the newest; -1 for none.
  [[nodiscard]] std::ptrdiff_t Chosen(std::size_t collector) const {
    const Statement* statement = agenda_.StatementOf(collector, Role::kStandby);
    return statement == nullptr ? -1 : statement - Collectors()[collector]->statements.data();
  }

  // Seconds until it is due again.
  [[nodiscard]] int PauseOf(std::size_t collector, Time now) const {
    for (int second = 0; second < 5000; ++second) {
      if (agenda_.IsDue(collector, Role::kStandby, now + second * 1s)) return second;
    }
    return -1;
  }

  Agenda agenda_{Everything()};
};

TEST_F(AgendaTest, ByCadence) {
  for (const std::size_t collector : {kLagIndex, kConflictsIndex, kWalIndex}) {
    EXPECT_TRUE(IsDue(collector, 0s));
    agenda_.Ran(collector, true, kStart);
  }
  EXPECT_TRUE(IsDue(kLagIndex, 0s));
  EXPECT_FALSE(IsDue(kConflictsIndex, 9s));
  EXPECT_TRUE(IsDue(kConflictsIndex, 9600ms)) << "the pulse nearest to its interval";
  EXPECT_FALSE(IsDue(kWalIndex, 59s));
  EXPECT_TRUE(IsDue(kWalIndex, 60s));
}

TEST_F(AgendaTest, WhatIsDisabledOrForAnotherRoleIsNotDue) {
  EXPECT_FALSE(IsDue(IndexOf(CollectorId::kSync), 0s));
  Agenda::Options options = Everything();
  options.collectors.Switch(kLagIndex, false);
  agenda_ = Agenda(options);
  agenda_.Connect(PgVersion(16), kStart);
  EXPECT_FALSE(IsDue(kLagIndex, 0s));
  EXPECT_FALSE(agenda_.Has(kLagIndex));
  EXPECT_FALSE(agenda_.Has(IndexOf(CollectorId::kOutlook))) << "nothing is asked for it";
}

TEST_F(AgendaTest, ListingsComeOneByOne) {
  const auto first = agenda_.DueListing(Role::kStandby, kStart);
  ASSERT_TRUE(first);
  agenda_.Ran(*first, true, kStart);
  const auto second = agenda_.DueListing(Role::kStandby, kStart);
  ASSERT_TRUE(second);
  EXPECT_NE(first, second);
  agenda_.Ran(*second, true, kStart);
  EXPECT_FALSE(agenda_.DueListing(Role::kStandby, kStart));
  // The one that ran first waits longest, whichever stands first in the registry.
  agenda_.Ran(*first, true, kStart + 61s);
  EXPECT_EQ(agenda_.DueListing(Role::kStandby, kStart + 200s), second);
}

TEST_F(AgendaTest, ForeignQueryHasAnIntervalOfItsOwn) {
  static constexpr Statement kBoth[] = {{.min_version = PgVersion(14), .sql = "SELECT 1"},
                                        {.sql = "SELECT 2"}};
  Agenda::Options options = Everything();
  options.collectors.Add(std::make_shared<const Collector>(Collector{.name = "app_jobs",
                                                                     .cadence = Cadence::kSlow,
                                                                     .statements = kBoth,
                                                                     .interval = 20s,
                                                                     .is_foreign = true}));
  agenda_ = Agenda(options);
  agenda_.Connect(PgVersion(16), kStart);
  EXPECT_TRUE(IsDue(kCollectorCount, 0s));
  agenda_.Ran(kCollectorCount, true, kStart);
  EXPECT_EQ(PauseOf(kCollectorCount, kStart), 19);
  agenda_.Connect(PgVersion(16), kStart + 1s);
  EXPECT_FALSE(IsDue(kCollectorCount, 1s)) << "a new connection is no reason";
  // Whatever it failed for, and it is for the versions that it says.
  agenda_.Ran(kCollectorCount, false, kStart);
  EXPECT_FALSE(agenda_.PassOver(kCollectorCount, Role::kStandby, kUndefinedColumn, kStart));
  agenda_.Postpone(kCollectorCount, kUndefinedColumn, kStart);
  EXPECT_EQ(PauseOf(kCollectorCount, kStart), 60);
  agenda_.Resume(kStart + 5s);
  EXPECT_FALSE(IsDue(kCollectorCount, 5s)) << "it may be why the server did not answer";
}

TEST_F(AgendaTest, TheServerIsAskedForADirectoryThatIsNotLocal) {
  EXPECT_TRUE(agenda_.Has(kDirectoryIndex));
  EXPECT_FALSE(IsDue(kDirectoryIndex, 0s));
  agenda_.AskServerForDirectory(true);
  EXPECT_TRUE(IsDue(kDirectoryIndex, 0s));
}

TEST_F(AgendaTest, OlderStatementIsDueAtOnceWhereTheNewerFindsNoColumn) {
  EXPECT_EQ(Chosen(kConflictsIndex), 0);
  EXPECT_TRUE(agenda_.PassOver(kConflictsIndex, Role::kStandby, kUndefinedColumn, kStart));
  EXPECT_EQ(Chosen(kConflictsIndex), 1);
  EXPECT_TRUE(IsDue(kConflictsIndex, 0s));
  EXPECT_EQ(Chosen(kLagIndex), 0) << "nobody else's";
  EXPECT_FALSE(agenda_.PassOver(kConflictsIndex, Role::kStandby, kUndefinedColumn, kStart));
  EXPECT_EQ(Chosen(kConflictsIndex), 1) << "none is left";
}

TEST_F(AgendaTest, OtherErrorsPassNothingOver) {
  for (const char* sqlstate : {"42501", "57014", "58P01", ""}) {
    EXPECT_FALSE(agenda_.PassOver(kConflictsIndex, Role::kStandby, {"no", sqlstate}, kStart));
  }
  EXPECT_EQ(Chosen(kConflictsIndex), 0);
}

TEST_F(AgendaTest, WhatIsMissingIsAskedForAgainOnTheNextConnection) {
  agenda_.PassOver(kConflictsIndex, Role::kStandby, kUndefinedColumn, kStart);
  agenda_.Ran(kConflictsIndex, false, kStart);
  agenda_.Postpone(kConflictsIndex, kUndefinedColumn, kStart);
  EXPECT_FALSE(IsDue(kConflictsIndex, 1000h));
  agenda_.Connect(PgVersion(16), kStart + 1h);
  EXPECT_TRUE(IsDue(kConflictsIndex, 1h));
  EXPECT_EQ(Chosen(kConflictsIndex), 0);
  agenda_.Connect(PgVersion(15), kStart + 2h);
  EXPECT_EQ(Chosen(kConflictsIndex), 1) << "another version";
}

TEST_F(AgendaTest, AnotherRoleIsAnotherServer) {
  agenda_.PassOver(kConflictsIndex, Role::kStandby, kUndefinedColumn, kStart);
  agenda_.Ran(kWalIndex, true, kStart);
  agenda_.ChangeRole(kStart);
  EXPECT_EQ(Chosen(kConflictsIndex), 0);
  EXPECT_TRUE(IsDue(kWalIndex, 0s));
}

TEST_F(AgendaTest, WhatIsRefusedIsTriedMoreAndMoreRarely) {
  std::string pauses;
  Time now = kStart;
  for (int i = 0; i < 6; ++i) {
    agenda_.Ran(kConflictsIndex, false, now);
    agenda_.Postpone(kConflictsIndex, {"permission denied", "42501"}, now);
    const int pause = PauseOf(kConflictsIndex, now);
    pauses += std::to_string(pause) + " ";
    now += pause * 1s;
  }
  EXPECT_EQ(pauses, "60 120 240 480 960 960 ");
  agenda_.Ran(kConflictsIndex, true, now);
  EXPECT_EQ(PauseOf(kConflictsIndex, now), 10);
  agenda_.Ran(kConflictsIndex, false, now);
  agenda_.Postpone(kConflictsIndex, {"permission denied", "42501"}, now);
  EXPECT_EQ(PauseOf(kConflictsIndex, now), 60) << "anew after success";
}

TEST_F(AgendaTest, ServerThatAnswersAgainIsAskedForAllButWhatItRefused) {
  for (const std::size_t collector : {kWalIndex, kConflictsIndex, kLagIndex}) {
    agenda_.Ran(collector, collector == kWalIndex, kStart);
  }
  agenda_.Postpone(kConflictsIndex, {"permission denied", "42501"}, kStart);
  agenda_.Postpone(kLagIndex, kUndefinedColumn, kStart);
  agenda_.Resume(kStart + 5s);
  EXPECT_TRUE(IsDue(kWalIndex, 5s));
  EXPECT_FALSE(IsDue(kConflictsIndex, 5s));
  EXPECT_FALSE(IsDue(kLagIndex, 5s));
}

// The server may have died of it.
TEST_F(AgendaTest, ListingThatEndedItsSessionIsNotTheFirstOfTheNext) {
  agenda_.Ran(kWalIndex, false, kStart);
  agenda_.Suspect(kWalIndex, kStart);
  agenda_.Connect(PgVersion(16), kStart + 5s);
  EXPECT_FALSE(IsDue(kWalIndex, 59s));
  EXPECT_TRUE(IsDue(kWalIndex, 60s));
  EXPECT_TRUE(IsDue(kConflictsIndex, 5s));
  agenda_.Ran(kWalIndex, false, kStart + 60s);
  agenda_.Suspect(kWalIndex, kStart + 60s);
  EXPECT_EQ(PauseOf(kWalIndex, kStart + 60s), 120);
}

TEST_F(AgendaTest, OnlyListingsThatTakeTooLongAreTriedMoreRarely) {
  const Error timeout{"canceling statement due to statement timeout", "57014"};
  for (const auto& [collector, pause] : {std::pair(kWalIndex, 60), std::pair(kWalIndex, 120),
                                         std::pair(kConflictsIndex, 10), std::pair(kLagIndex, 0)}) {
    agenda_.Ran(collector, false, kStart);
    agenda_.Postpone(collector, timeout, kStart);
    EXPECT_EQ(PauseOf(collector, kStart), pause) << Collectors()[collector]->name;
  }
}

}  // namespace
}  // namespace pgrepl
