// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lsn_history.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPulse = 1s;
constexpr auto kNoSnapshot = std::nullopt;

Time At(Duration since_start) { return Time(1000h) + since_start; }

class LsnHistoryTest : public testing::Test {
 protected:
  void Sample(Duration at, std::uint64_t lsn, std::optional<std::uint64_t> snapshot) {
    history_.Append(At(at), lsn, snapshot);
  }

  void ExpectCrossing(std::uint64_t replay_lsn, Duration at, Bound bound = Bound::kExact) {
    const auto crossing = history_.FirstTransactionPast(replay_lsn);
    ASSERT_TRUE(crossing) << "caught up at " << replay_lsn;
    EXPECT_EQ(Seconds(crossing->at - At(0s)), Seconds(at)) << "at LSN " << replay_lsn;
    EXPECT_EQ(crossing->bound, bound) << "at LSN " << replay_lsn;
  }

  void ExpectCaughtUp(std::uint64_t replay_lsn) {
    EXPECT_FALSE(history_.FirstTransactionPast(replay_lsn)) << "at LSN " << replay_lsn;
  }

  [[nodiscard]] bool TransactionsKnown(std::uint64_t replay_lsn) const {
    return history_.FirstTransactionPast(replay_lsn).value().transactions_known;
  }

  LsnHistory history_{kPulse};
};

TEST_F(LsnHistoryTest, KnowsNothingBeforeTheFirstSample) {
  EXPECT_TRUE(history_.empty());
  EXPECT_FALSE(history_.LatestLsn());
  EXPECT_FALSE(history_.LastVouchedFor());
  EXPECT_FALSE(history_.Oldest());
  ExpectCaughtUp(0);
}

TEST_F(LsnHistoryTest, InterpolatesByLsnBetweenTwoSamples) {
  Sample(0s, 1000, 1);
  Sample(1s, 2000, 2);
  ExpectCrossing(1000, 0s);
  ExpectCrossing(1250, 250ms);
  ExpectCrossing(1999, 999ms);
  ExpectCaughtUp(2000);
  ExpectCaughtUp(9999);
}

TEST_F(LsnHistoryTest, CountsFromTheEndOfAnIdleStretch) {
  for (int s = 0; s <= 500; ++s) Sample(s * 1s, 1000, 1);
  EXPECT_EQ(history_.size(), 1U);
  Sample(501s, 1200, 2);
  ExpectCrossing(1000, 500s);
  ExpectCrossing(1100, 500500ms);
}

TEST_F(LsnHistoryTest, ThirtyIdleDaysCostOneEntryAndNoError) {
  for (int minute = 0; minute <= 30 * 24 * 60; ++minute) Sample(minute * 1min, 1000, 1);
  Sample(720h + 1s, 1100, 2);
  EXPECT_EQ(history_.size(), 2U);
  EXPECT_LT(history_.MemoryBytes(), 512U);
  ExpectCrossing(1000, 720h);
}

TEST_F(LsnHistoryTest, WalWithoutATransactionIsNoStaleness) {
  Sample(0s, 1000, 1);
  for (int s = 1; s <= 300; ++s) Sample(s * 1s, 1000 + 100 * static_cast<unsigned>(s), 1);
  ExpectCaughtUp(1000);
  ExpectCaughtUp(1050);
  EXPECT_EQ(history_.size(), 2U);
  Sample(301s, 40'000, 2);
  ExpectCrossing(1000, 300s);
  ExpectCrossing(20'000, 300s);
  ExpectCrossing(31'000 + 4500, 300500ms);
}

TEST_F(LsnHistoryTest, ATransactionBeforeACheckpointIsFoundPastIt) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 2);
  Sample(2s, 1400, 2);
  ExpectCrossing(1000, 0s);
  ExpectCaughtUp(1100);
  ExpectCaughtUp(1400);
}

TEST_F(LsnHistoryTest, ATransactionThatEndsWithoutWalHurtsNobodyAtThatLsn) {
  Sample(0s, 1000, 1);
  Sample(1s, 1000, 2);
  ExpectCaughtUp(1000);
  Sample(2s, 1000, 3);
  ExpectCaughtUp(1000);
}

TEST_F(LsnHistoryTest, AnAsynchronousCommitCountsOnceItsWalIsFlushed) {
  Sample(0s, 1000, 1);
  Sample(1s, 1000, 2);
  Sample(2s, 1100, 2);
  ExpectCrossing(1000, 1s);
  ExpectCaughtUp(1100);
}

TEST_F(LsnHistoryTest, ACommitThatWaitsForASynchronousStandbyCountsOnceItIsVisible) {
  Sample(0s, 1000, 1);
  for (int s = 1; s <= 20; ++s) Sample(s * 1s, 1100, 1);
  ExpectCaughtUp(1000);
  Sample(21s, 1100, 2);
  ExpectCrossing(1000, 20s);
  ExpectCaughtUp(1100);
}

TEST_F(LsnHistoryTest, BelowTheOldestEntryTheAgeIsALowerBound) {
  Sample(5s, 1000, 1);
  Sample(6s, 1100, 2);
  ExpectCrossing(900, 5s, Bound::kAtLeast);
  EXPECT_FALSE(TransactionsKnown(900));
  EXPECT_EQ(history_.FirstTransactionPast(900)->earliest, Time::min());
}

TEST_F(LsnHistoryTest, ACrossingInAHoleIsALowerBound) {
  Sample(0s, 1000, 1);
  Sample(2s, 1100, 2);
  Sample(4001ms, 1200, 3);
  ExpectCrossing(1000, 0s);
  ExpectCrossing(1100, 4001ms, Bound::kAtLeast);
  ExpectCrossing(1150, 4001ms, Bound::kAtLeast);
  EXPECT_EQ(history_.FirstTransactionPast(1150)->earliest, At(2s));
}

TEST_F(LsnHistoryTest, AHoleWithNothingInItIsNone) {
  Sample(0s, 1000, 1);
  Sample(100s, 1000, 1);
  Sample(101s, 1100, 2);
  ExpectCrossing(1000, 100s);
}

TEST_F(LsnHistoryTest, AHoleShorterThanTheResolutionOfItsAgeIsNoneAnyMore) {
  Sample(0s, 1000, 1);
  Sample(8s, 1100, 2);
  Sample(599s, 1100, 2);
  ExpectCrossing(1000, 8s, Bound::kAtLeast);
  Sample(700s, 1100, 2);
  ExpectCrossing(1000, 0s);
}

TEST_F(LsnHistoryTest, AReceiversAdvanceCountsAsATransaction) {
  Sample(0s, 1000, kNoSnapshot);
  Sample(1s, 1100, kNoSnapshot);
  ExpectCrossing(1000, 0s);
  EXPECT_FALSE(TransactionsKnown(1000));
}

TEST_F(LsnHistoryTest, AReceiverExtendsAFlatStretch) {
  Sample(0s, 1000, 1);
  Sample(9s, 1000, kNoSnapshot);
  EXPECT_EQ(history_.LastVouchedFor(), At(9s));
  Sample(10s, 1100, 2);
  ExpectCrossing(1000, 9s);
  EXPECT_TRUE(TransactionsKnown(1000));
}

TEST_F(LsnHistoryTest, AnEqualSnapshotRevokesWhatReceiversMadeUsAssume) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, kNoSnapshot);
  Sample(2s, 1200, kNoSnapshot);
  ExpectCrossing(1000, 0s);
  Sample(3s, 1300, 1);
  ExpectCaughtUp(1000);
  Sample(4s, 1400, 2);
  ExpectCrossing(1000, 3s);
  EXPECT_TRUE(TransactionsKnown(1000));
}

TEST_F(LsnHistoryTest, RevokedChangesCostNoMemory) {
  Sample(0s, 1000, 1);
  for (unsigned s = 1; s <= 5000; ++s) {
    Sample(s * 1s, 1000 + 100 * s, s % 1000 == 0 ? std::optional<std::uint64_t>(1) : kNoSnapshot);
  }
  Sample(5001s, 999'999, 2);
  EXPECT_LT(history_.size(), 1000U);
  ExpectCrossing(1000, 5000s);
}

TEST_F(LsnHistoryTest, ThinningDoesNotForgetThatATransactionIsAssumed) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, kNoSnapshot);
  for (unsigned s = 2; s <= 1000; ++s) Sample(s * 1s, 1100 + 100 * s, s);
  ExpectCrossing(1000, 0s);
  EXPECT_FALSE(TransactionsKnown(1000));
  EXPECT_TRUE(TransactionsKnown(90'000));
}

TEST_F(LsnHistoryTest, ForgetsAfterThirtyDays) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 1);
  Sample(100s, 1200, 1);
  Sample(721h, 1200, 1);
  for (unsigned s = 1; s <= 8; ++s) Sample(721h + s * 1s, 1200 + s, 1 + s);
  EXPECT_EQ(history_.Oldest(), At(100s));
  ExpectCrossing(1150, 100s, Bound::kAtLeast);
  ExpectCrossing(1200, 721h);
}

TEST_F(LsnHistoryTest, ADifferentSnapshotConfirmsAnAssumedChangeWithoutAddingOne) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, kNoSnapshot);
  Sample(2s, 1100, 2);
  ExpectCrossing(1000, 0s);
  Sample(3s, 1200, 2);
  ExpectCaughtUp(1100);
}

TEST_F(LsnHistoryTest, IgnoresWhatIsOlderAndNotAhead) {
  Sample(5s, 1000, 1);
  Sample(4s, 900, 7);
  Sample(5s, 1000, 8);
  Sample(6s, 950, kNoSnapshot);  // a receiver that trails
  EXPECT_EQ(history_.size(), 1U);
  EXPECT_EQ(history_.LatestLsn(), 1000U);
  EXPECT_EQ(history_.LastVouchedFor(), At(5s));
}

TEST_F(LsnHistoryTest, TakesALateReportOfALargerLsnAsOfTheLatestSample) {
  Sample(5s, 1000, 1);
  Sample(4s, 1100, kNoSnapshot);
  EXPECT_EQ(history_.LatestLsn(), 1100U);
  ExpectCrossing(1000, 5s);
}

TEST_F(LsnHistoryTest, ForgetsWhatAPrimaryThatWentBackNoLongerHas) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 2);
  Sample(2s, 1200, 3);
  Sample(3s, 1050, 1);
  EXPECT_EQ(history_.LatestLsn(), 1050U);
  ExpectCaughtUp(1050);
  ExpectCaughtUp(1200);
  Sample(4s, 1150, 4);
  ExpectCrossing(1050, 3s);
  Sample(5s, 10, 5);
  EXPECT_EQ(history_.Oldest(), At(5s));
  ExpectCaughtUp(10);
}

TEST_F(LsnHistoryTest, StartsWithWhatItsParentHadUpToTheFork) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 2);
  Sample(2s, 1200, 3);
  LsnHistory child(kPulse);
  child.Inherit(history_, 1150, At(3s));
  child.Append(At(4s), 1300, 9);
  std::swap(history_, child);
  ExpectCrossing(1000, 0s);
  ExpectCrossing(1150, 3s);
  ExpectCaughtUp(1300);
}

// When it was written, nobody knows.
TEST_F(LsnHistoryTest, WalPastAForkThatWasNotSeenIsABound) {
  LsnHistory child(kPulse);
  child.Inherit(history_, 1150, At(60s), /*seen=*/false);
  child.Append(At(60s), 5000, 1);
  std::swap(history_, child);
  ExpectCrossing(1150, 60s, Bound::kAtLeast);
  ExpectCrossing(4000, 60s, Bound::kAtLeast);
  ExpectCaughtUp(5000);
}

TEST_F(LsnHistoryTest, AForkThatWasNotSeenBridgesNoHole) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 2);
  LsnHistory child(kPulse);
  child.Inherit(history_, 1150, At(60s), /*seen=*/false);
  child.Append(At(60s), 5000, 9);
  std::swap(history_, child);
  ExpectCrossing(1050, 500ms);
  ExpectCrossing(1200, 60s, Bound::kAtLeast);
}

TEST_F(LsnHistoryTest, LateNewsOfAForkThatWasNotSeenChangesNothing) {
  LsnHistory child(kPulse);
  child.Append(At(1s), 2000, 1);
  child.Inherit(history_, 1150, At(3s), /*seen=*/false);
  std::swap(history_, child);
  ExpectCrossing(1500, 1s, Bound::kAtLeast);
  ExpectCaughtUp(2000);
}

TEST_F(LsnHistoryTest, AnIdlePromotionIsNoTransaction) {
  for (int s = 0; s < 60; ++s) Sample(s * 1s, 1000, 1);
  LsnHistory child(kPulse);
  child.Inherit(history_, 1100, At(62s));
  child.Append(At(62s), 1400, 1);
  EXPECT_FALSE(child.FirstTransactionPast(1000));
}

TEST_F(LsnHistoryTest, ATransactionLostInAPromotionDoesNotHideItsLookAlike) {
  Sample(0s, 1000, 1);
  Sample(1s, 1100, 2);
  LsnHistory child(kPulse);
  child.Inherit(history_, 1050, At(3s));
  child.Append(At(4s), 1300, 2);
  std::swap(history_, child);
  ExpectCrossing(1050, 3s);
}

TEST_F(LsnHistoryTest, AnOldPrimaryThatLivesOnDoesNotReachPastTheFork) {
  Sample(-1s, 900, 1);
  for (int s = 0; s < 60; ++s) Sample(s * 1s, 1000, 1);
  Sample(61s, 1000, 2);
  LsnHistory child(kPulse);
  child.Append(At(30s), 1100, 2);
  child.Append(At(31s), 1200, 3);
  child.Inherit(history_, 1000, At(40s));  // news of the fork came late
  std::swap(history_, child);
  ExpectCrossing(900, 30s);
  ExpectCrossing(1000, 30s);
  ExpectCrossing(1150, 30500ms);
  ExpectCaughtUp(1200);
}

TEST_F(LsnHistoryTest, WalWithoutATransactionRightAfterALateForkIsNoStaleness) {
  Sample(0s, 1000, 1);
  LsnHistory child(kPulse);
  child.Append(At(1s), 1000, 2);
  child.Append(At(2s), 1100, 2);
  child.Inherit(history_, 1000, At(3s));
  child.Append(At(4s), 1200, 2);
  std::swap(history_, child);
  ExpectCaughtUp(1100);
}

TEST(LatestSnapshotTest, IsThatOfTheLatestSampleAlone) {
  LsnHistory history(std::chrono::seconds(1));
  EXPECT_EQ(history.LatestSnapshot(), std::nullopt);
  const Time start(std::chrono::hours(1000));
  history.Append(start, 1000, 7);
  EXPECT_EQ(history.LatestSnapshot(), 7U);
  history.Append(start + std::chrono::seconds(1), 1100, std::nullopt);
  EXPECT_EQ(history.LatestSnapshot(), std::nullopt)
      << "a receiver tells of WAL, not of what is in it";
  history.Append(start + std::chrono::seconds(2), 1100, 7);
  EXPECT_EQ(history.LatestSnapshot(), 7U);
}

}  // namespace
}  // namespace pgrepl::cluster
