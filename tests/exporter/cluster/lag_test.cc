// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lag.h"

#include <gtest/gtest.h>

#include <chrono>
#include <tuple>
#include <vector>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = Time(1000h);

Time Ago(Duration before) { return kNow - before; }

Crossing CrossingAt(Time at) { return {at, at, Bound::kExact, true}; }

/// Sampled 400 ms ago, last seen caught up 30 s ago, and keeping up since.
LagInputs Inputs(Standing standing, Reference reference = Reference::kPrimary) {
  return {.now = kNow,
          .standing = standing,
          .reference = reference,
          .sampled_at = Ago(400ms),
          .fresh = true,
          .caught_up_at = Ago(30s)};
}

struct Expected {
  double seconds;
  bool known;
  LagBound bound;
  LagSource source;
};

void ExpectLag(const LagInputs& inputs, const Expected& expected) {
  const LagView lag = EvaluateLag(inputs);
  EXPECT_NEAR(lag.seconds, expected.seconds, 1e-9);
  EXPECT_EQ(lag.known, expected.known);
  EXPECT_EQ(kLagBounds[static_cast<std::size_t>(lag.bound)],
            kLagBounds[static_cast<std::size_t>(expected.bound)]);
  EXPECT_EQ(kLagSources[static_cast<std::size_t>(lag.source)],
            kLagSources[static_cast<std::size_t>(expected.source)]);
}

constexpr Expected kUnknown{30, false, LagBound::kAtLeast, LagSource::kNone};

TEST(EvaluateLagTest, CaughtUpIsZeroAsLongAsSomebodyVouches) {
  ExpectLag(Inputs(CaughtUp{}), {0, true, LagBound::kExact, LagSource::kHistory});
  ExpectLag(Inputs(CaughtUp{}, Reference::kReceiver),
            {0, true, LagBound::kExact, LagSource::kReceiver});
}

TEST(EvaluateLagTest, AgainstARelayItIsAtLeastThat) {
  ExpectLag(Inputs(CaughtUp{}, Reference::kRelay),
            {0, false, LagBound::kAtLeast, LagSource::kReceiver});
  ExpectLag(Inputs(CrossingAt(Ago(5400ms)), Reference::kRelay),
            {5, false, LagBound::kAtLeast, LagSource::kReceiver});
}

TEST(EvaluateLagTest, CaughtUpWithADeadPrimaryIsZeroAgainstItsLastPositionButNotKnown) {
  ExpectLag(Inputs(CaughtUp{}, Reference::kDead),
            {0, false, LagBound::kAtLeast, LagSource::kHistory});
}

TEST(EvaluateLagTest, CaughtUpWithNobodyToVouchGrowsSinceItWasKnown) {
  ExpectLag(Inputs(CaughtUp{}, Reference::kUnreachable), kUnknown);
}

TEST(EvaluateLagTest, BehindCountsFromTheCrossingToTheSample) {
  ExpectLag(Inputs(CrossingAt(Ago(5400ms))), {5, true, LagBound::kExact, LagSource::kHistory});
  ExpectLag(Inputs(CrossingAt(Ago(5400ms)), Reference::kReceiver),
            {5, true, LagBound::kExact, LagSource::kReceiver});
}

TEST(EvaluateLagTest, BehindWithNobodyToVouchIsAtLeastThat) {
  for (const Reference reference : {Reference::kDead, Reference::kUnreachable}) {
    ExpectLag(Inputs(CrossingAt(Ago(5400ms)), reference),
              {5, false, LagBound::kAtLeast, LagSource::kHistory});
  }
}

TEST(EvaluateLagTest, BetweenSamplesItRunsOnAsFastAsItGrew) {
  LagInputs inputs = Inputs(CrossingAt(Ago(5400ms)));
  inputs.growth = 1;
  ExpectLag(inputs, {5.4, true, LagBound::kExact, LagSource::kHistory});
  inputs.growth = 0.5;
  ExpectLag(inputs, {5.2, true, LagBound::kExact, LagSource::kHistory});
}

TEST(EvaluateLagTest, AnOverdueSampleCountsAsStandingStill) {
  LagInputs inputs = Inputs(CrossingAt(Ago(5400ms)));
  inputs.fresh = false;
  ExpectLag(inputs, {5.4, true, LagBound::kExact, LagSource::kHistory});
}

TEST(EvaluateLagTest, ATransactionAfterTheSampleCountsFromItsOwnTime) {
  LagInputs inputs = Inputs(CrossingAt(Ago(100ms)));
  ExpectLag(inputs, {0, true, LagBound::kExact, LagSource::kHistory});
  inputs.growth = 1;
  ExpectLag(inputs, {0.1, true, LagBound::kExact, LagSource::kHistory});
}

TEST(EvaluateLagTest, ACrossingInAHoleIsABound) {
  const Crossing in_hole{Ago(5400ms), Ago(9s), Bound::kAtLeast, true};
  ExpectLag(Inputs(in_hole), {5, false, LagBound::kAtLeast, LagSource::kHistory});
  const Crossing assumed_in_hole{Ago(5400ms), Ago(9s), Bound::kAtLeast, false};
  ExpectLag(Inputs(assumed_in_hole), {5, false, LagBound::kAtLeast, LagSource::kHistory});
}

TEST(EvaluateLagTest, BehindBeforeTheHistoryBeginsItGrowsSinceItWasKnown) {
  const Crossing before{Ago(5400ms), Time::min(), Bound::kAtLeast, false};
  ExpectLag(Inputs(before), {30, false, LagBound::kAtLeast, LagSource::kHistory});
  ExpectLag(Inputs(before, Reference::kReceiver),
            {30, false, LagBound::kAtLeast, LagSource::kReceiver});
}

TEST(EvaluateLagTest, AnAssumedTransactionMakesTheLagAnUpperBound) {
  const Crossing assumed{Ago(5400ms), Ago(5400ms), Bound::kExact, false};
  ExpectLag(Inputs(assumed), {5, true, LagBound::kAtMost, LagSource::kHistory});
  ExpectLag(Inputs(assumed, Reference::kUnreachable),
            {5, false, LagBound::kAtLeast, LagSource::kHistory});
}

TEST(EvaluateLagTest, DivergedCountsFromTheForkWhoeverVouches) {
  for (const Reference reference :
       {Reference::kPrimary, Reference::kReceiver, Reference::kDead, Reference::kUnreachable}) {
    ExpectLag(Inputs(Diverged{Ago(70s)}, reference),
              {70, true, LagBound::kExact, LagSource::kHistory});
  }
}

TEST(EvaluateLagTest, DivergedSinceAForkThatWasNotSeenIsAtLeastThat) {
  ExpectLag(Inputs(Diverged{Ago(70s), /*seen=*/false}),
            {70, false, LagBound::kAtLeast, LagSource::kHistory});
}

TEST(EvaluateLagTest, WhatCantBeComparedGrowsSinceItWasKnown) {
  for (const Reference reference :
       {Reference::kPrimary, Reference::kReceiver, Reference::kDead, Reference::kUnreachable}) {
    ExpectLag(Inputs(NotComparable{}, reference), kUnknown);
  }
}

TEST(EvaluateLagTest, WithoutAPositionNothingElseCounts) {
  for (const Standing& standing : {Standing(CaughtUp{}), Standing(CrossingAt(Ago(5s)))}) {
    LagInputs inputs = Inputs(standing);
    inputs.position_known = false;
    ExpectLag(inputs, kUnknown);
  }
}

TEST(EvaluateLagTest, ReplayingItsOwnWalAgainItLagsAtMostSinceItWasCaughtUp) {
  LagInputs inputs = Inputs(CrossingAt(Ago(120s)));
  inputs.replaying_again = true;
  ExpectLag(inputs, {30, false, LagBound::kAtMost, LagSource::kHistory});
  inputs.standing = CrossingAt(Ago(5400ms));
  ExpectLag(inputs, {5, true, LagBound::kExact, LagSource::kHistory});
  inputs.standing = Diverged{Ago(70s)};
  ExpectLag(inputs, {70, true, LagBound::kExact, LagSource::kHistory});
}

class EveryInputTest
    : public testing::TestWithParam<std::tuple<Reference, Standing, bool, double, bool>> {
 protected:
  [[nodiscard]] static LagInputs Given() {
    const auto& [reference, standing, fresh, growth, replaying_again] = GetParam();
    LagInputs inputs = Inputs(standing, reference);
    inputs.fresh = fresh;
    inputs.growth = growth;
    inputs.replaying_again = replaying_again;
    return inputs;
  }

  [[nodiscard]] static LagView After(LagInputs inputs, Duration later) {
    inputs.now += later;
    return EvaluateLag(inputs);
  }
};

TEST_P(EveryInputTest, IsNeverNegativeAndNeverShrinksWhileNothingNewIsKnown) {
  double before = 0;
  for (const Duration later : {0ms, 100ms, 1000ms, 60'000ms}) {
    const double seconds = After(Given(), later).seconds;
    EXPECT_GE(seconds, before) << "after " << Seconds(later);
    before = seconds;
  }
}

TEST_P(EveryInputTest, IsNeverNegativeWhenClocksOfRoundsCross) {
  LagInputs inputs = Given();
  inputs.sampled_at = inputs.caught_up_at = kNow + 10ms;
  EXPECT_GE(EvaluateLag(inputs).seconds, 0);
}

TEST_P(EveryInputTest, UnknownIsNeverZero) {
  const LagInputs inputs = Given();
  const LagView lag = EvaluateLag(inputs);
  if (lag.seconds > 0) return;
  const bool vouched =
      inputs.reference == Reference::kPrimary || inputs.reference == Reference::kReceiver;
  EXPECT_EQ(lag.known, vouched) << "0 is known from who vouches, and from nobody else";
  EXPECT_TRUE(vouched || inputs.reference == Reference::kDead);
}

TEST_P(EveryInputTest, KnownMeansThatItIsNoLowerBound) {
  const LagView lag = EvaluateLag(Given());
  EXPECT_EQ(lag.known && lag.bound == LagBound::kAtLeast, false);
  EXPECT_EQ(!lag.known && lag.bound == LagBound::kExact, false);
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryInputTest,
    testing::Combine(testing::Values(Reference::kPrimary, Reference::kReceiver, Reference::kDead,
                                     Reference::kUnreachable),
                     testing::Values(Standing(CaughtUp{}), Standing(CrossingAt(Ago(5s))),
                                     Standing(Crossing{Ago(5s), Time::min(), Bound::kAtLeast,
                                                       true}),
                                     Standing(Crossing{Ago(5s), Ago(9s), Bound::kAtLeast, true}),
                                     Standing(Crossing{Ago(5s), Ago(5s), Bound::kExact, false}),
                                     Standing(Diverged{Ago(70s)}), Standing(NotComparable{})),
                     testing::Bool(), testing::Values(0.0, 0.5, 1.0), testing::Bool()));

}  // namespace
}  // namespace pgrepl::cluster
