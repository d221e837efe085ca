// A standby that the archive alone feeds is measured against what is archived.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "collectors/archive.h"
#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSegment = 16 << 20;

class ArchiveFedTest : public testing::Test {
 protected:
  void SetUp() override { Pulse(0, kSegment); }

  /// A second in which p wrote as much, ending with a transaction unless told otherwise.
  void Pulse(std::uint64_t written, std::uint64_t replayed, bool commit = true) {
    cluster_.now += kPulse;
    lsn_ += written;
    transactions_ += commit ? 1 : 0;
    SnapshotBuilder primary = Primary(lsn_, transactions_);
    ArchiveFact archive{.enabled = true};
    if (archived_ > 0) archive.archived_end = Lsn{archived_};
    cluster_.See("p", primary.Tells(CollectorId::kArchive, archive));
    ReceiverFact none;
    none.conninfo_set = false;
    none.restore_command_set = true;
    cluster_.See("s1", StandbyAt(replayed).Receives(none));
  }

  void ExpectLag(double seconds, LagCause cause) {
    const LagView lag = cluster_.Lag("s1");
    EXPECT_NEAR(lag.seconds, seconds, 1.1);
    EXPECT_EQ(lag.source, LagSource::kArchive);
    EXPECT_TRUE(lag.known);
    EXPECT_EQ(lag.cause, cause);
  }

  [[nodiscard]] double Unarchived() const {
    return cluster_.Server("p").unarchived_seconds.value_or(-1);
  }

  WatchedCluster cluster_{OptionsFor({"p", "s1"})};
  std::uint64_t lsn_ = kSegment, archived_ = kSegment;
  std::int64_t transactions_ = 0;
};

TEST_F(ArchiveFedTest, AServerThatArchivesNoMoreHasNothingUnarchived) {
  EXPECT_EQ(Unarchived(), 0);
  cluster_.See("p", Primary(lsn_, 1).Tells(CollectorId::kArchive, ArchiveFact{}));
  EXPECT_EQ(Unarchived(), -1);
}

TEST_F(ArchiveFedTest, WhatAPrimaryArchivedBeforeItWasAStandbyIsTheEndNoMore) {
  cluster_.See("p", StandbyAt(lsn_).Host(kPrimaryHost));
  cluster_.See("p", Primary(lsn_, 1).Tells(CollectorId::kArchive, ArchiveFact{.enabled = true}));
  EXPECT_EQ(Unarchived(), -1);
}

TEST_F(ArchiveFedTest, WhatIsNotArchivedIsTheArchivesDelay) {
  for (int second = 0; second < 60; ++second) {
    Pulse(100, kSegment);
    ExpectLag(0, LagCause::kNone);
    EXPECT_NEAR(Unarchived(), second, 1.1);
  }
}

TEST_F(ArchiveFedTest, WhatIsArchivedCountsUntilItIsReplayed) {
  for (int second = 0; second < 10; ++second) Pulse(100, kSegment);
  lsn_ = archived_ = 2 * kSegment;
  for (int second = 0; second < 5; ++second) {
    Pulse(100, kSegment);
    ExpectLag(10 + second, LagCause::kWaitingForArchive);
  }
  Pulse(100, 2 * kSegment);
  ExpectLag(0, LagCause::kNone);
}

// A segment that was filled, or switched away from, within a pulse.
TEST_F(ArchiveFedTest, AShortSegmentCountsToo) {
  for (int second = 0; second < 5; ++second) Pulse(100, kSegment);
  lsn_ = archived_ = 2 * kSegment;
  Pulse(100, 2 * kSegment);
  archived_ = 3 * kSegment;
  Pulse(3 * kSegment - lsn_, 2 * kSegment);
  for (int second = 1; second < 20; ++second) {
    Pulse(100, 2 * kSegment);
    EXPECT_NEAR(cluster_.Lag("s1").seconds, second, 2.1);
  }
  EXPECT_EQ(cluster_.Lag("s1").cause, LagCause::kWaitingForArchive);
}

TEST_F(ArchiveFedTest, TheLastTransactionsOfASegmentCountToo) {
  for (int second = 0; second < 5; ++second) Pulse(100, kSegment);
  const std::uint64_t replayed = 2 * kSegment - 200'000;
  Pulse(replayed - lsn_, replayed);
  Pulse(100'000, replayed);
  archived_ = 2 * kSegment;
  Pulse(2 * kSegment - lsn_, replayed);
  for (int second = 2; second < 10; ++second) {
    Pulse(100, replayed);
    ExpectLag(second, LagCause::kWaitingForArchive);
  }
}

TEST_F(ArchiveFedTest, AnIdlePrimaryMakesNoLag) {
  for (int second = 0; second < 5; ++second) Pulse(100, kSegment);
  archived_ = 2 * kSegment;
  lsn_ = 2 * kSegment;
  for (int second = 0; second < 60; ++second) {
    Pulse(0, 2 * kSegment, /*commit=*/false);
    ExpectLag(0, LagCause::kNone);
    EXPECT_EQ(Unarchived(), 0);
  }
}

// The last record of a segment ends before the segment does. Its last transaction and the switch to
// the next one lie within one pulse.
TEST_F(ArchiveFedTest, TheEndOfASegmentIsNoWalOnAnIdlePrimaryEither) {
  for (int second = 0; second < 5; ++second) Pulse(100, kSegment);
  archived_ = 2 * kSegment;
  Pulse(2 * kSegment - lsn_, kSegment);
  for (int second = 0; second < 60; ++second) {
    Pulse(0, 2 * kSegment - 100, /*commit=*/false);
    ExpectLag(0, LagCause::kNone);
  }
}

// The same while it is written to.
TEST_F(ArchiveFedTest, TheEndOfASegmentIsNoWal) {
  for (int second = 0; second < 5; ++second) Pulse(100, kSegment);
  lsn_ = archived_ = 2 * kSegment;
  for (int second = 0; second < 60; ++second) {
    Pulse(100, 2 * kSegment - 100);
    ExpectLag(0, LagCause::kNone);
  }
}

TEST_F(ArchiveFedTest, BeforeAnythingIsArchivedTheHistoryCounts) {
  cluster_ = WatchedCluster(OptionsFor({"p", "s1"}));
  archived_ = 0;
  Pulse(0, kSegment);
  for (int second = 0; second < 10; ++second) Pulse(100, kSegment);
  EXPECT_NEAR(cluster_.Lag("s1").seconds, 10, 1.1);
  EXPECT_EQ(Unarchived(), -1) << "it says nothing";
}

}  // namespace
}  // namespace pgrepl::cluster
