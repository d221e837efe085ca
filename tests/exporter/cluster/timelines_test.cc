// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/timelines.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <variant>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

Time At(Duration since_start) { return Time(1000h) + since_start; }

/// Timeline 1 wrote 1000..2000 in 0..10 s; 2 left it at 1950 and 20 s, and wrote 2100..2500.
class TimelinesTest : public testing::Test {
 protected:
  void SetUp() override {
    for (unsigned s = 0; s <= 10; ++s) timelines_.On(1).Append(At(s * 1s), 1000 + 100 * s, s);
    timelines_.Fork(1, 2, 1950, At(20s));
    for (unsigned s = 1; s <= 5; ++s)
      timelines_.On(2).Append(At(20s + s * 1s), 2000 + 100 * s, 50 + s);
  }

  template <typename T>
  T Measure(TimelineId timeline, std::uint64_t lsn, TimelineId current) const {
    const Standing standing = timelines_.Measure(timeline, lsn, current);
    EXPECT_TRUE(std::holds_alternative<T>(standing)) << "it is alternative " << standing.index();
    return std::holds_alternative<T>(standing) ? std::get<T>(standing) : T{};
  }

  Timelines timelines_{1s};
};

TEST_F(TimelinesTest, MeasuresOnOneTimeline) {
  EXPECT_EQ(Measure<Crossing>(1, 1550, 1).at, At(5500ms));
  EXPECT_EQ(Measure<Crossing>(2, 2150, 2).at, At(21500ms));
  Measure<CaughtUp>(2, 2500, 2);
}

TEST_F(TimelinesTest, AStandbyBeforeTheForkCountsThroughIt) {
  EXPECT_EQ(Measure<Crossing>(1, 1550, 2).at, At(5500ms));
  EXPECT_EQ(Measure<Crossing>(2, 1550, 2).at, At(5500ms));
}

TEST_F(TimelinesTest, AStandbyAtTheForkCountsFromThePromotion) {
  EXPECT_EQ(Measure<Crossing>(1, 1950, 2).at, At(20s));
  EXPECT_EQ(Measure<Crossing>(2, 1950, 2).at, At(20s));
}

TEST_F(TimelinesTest, AStandbyPastTheForkHasDivergedHoweverLargeItsLsn) {
  EXPECT_EQ(Measure<Diverged>(1, 1951, 2).since, At(20s));
  EXPECT_EQ(Measure<Diverged>(1, 99'999, 2).since, At(20s));
}

TEST_F(TimelinesTest, DivergenceCountsFromTheForkThatLeftTheStandbysTimeline) {
  timelines_.Fork(2, 3, 2500, At(40s));
  timelines_.On(3).Append(At(41s), 2600, 70);
  EXPECT_EQ(Measure<Diverged>(1, 9999, 3).since, At(20s));
  EXPECT_EQ(Measure<Diverged>(2, 9999, 3).since, At(40s));
  EXPECT_EQ(Measure<Crossing>(1, 1550, 3).at, At(5500ms));
  EXPECT_EQ(Measure<Crossing>(2, 2500, 3).at, At(40s));
}

TEST_F(TimelinesTest, AStandbyThatFollowedEarlyIsMeasuredUpToItsFork) {
  EXPECT_EQ(Measure<Crossing>(2, 1550, 1).at, At(5500ms));
  Measure<NotComparable>(2, 2200, 1);
}

TEST_F(TimelinesTest, SaysSoWhenThePromotionWasNotSeen) {
  timelines_.On(5).Append(At(50s), 5000, 1);
  Measure<NotComparable>(2, 2500, 5);
  Measure<NotComparable>(1, 1000, 7);
}

TEST_F(TimelinesTest, AForkThatWasNotSeenIsSaidSo) {
  EXPECT_TRUE(Measure<Diverged>(1, 1951, 2).seen);
  timelines_.Fork(2, 3, 2500, At(40s), /*seen=*/false);
  timelines_.On(3).Append(At(41s), 2600, 70);
  EXPECT_FALSE(Measure<Diverged>(2, 9999, 3).seen);
}

TEST_F(TimelinesTest, AForkIsTakenOnceAndAnotherOneStartsAnew) {
  timelines_.Fork(1, 2, 1950, At(99s));
  EXPECT_EQ(timelines_.ForkOf(2)->at, At(20s));
  timelines_.Fork(1, 2, 1800, At(99s));
  EXPECT_EQ(timelines_.ForkOf(2)->lsn, 1800U);
  EXPECT_EQ(timelines_.Find(2)->LatestLsn(), 1800U);
  EXPECT_EQ(Measure<Diverged>(1, 1900, 2).since, At(99s));
}

TEST_F(TimelinesTest, AForkToAnOlderNumberIsNone) {
  timelines_.Fork(2, 1, 1000, At(99s));
  timelines_.Fork(2, 2, 1000, At(99s));
  EXPECT_FALSE(timelines_.ForkOf(1));
  EXPECT_EQ(timelines_.ForkOf(2)->parent, 1U);
}

TEST_F(TimelinesTest, NewsOfAForkMayComeLate) {
  Timelines late(1s);
  for (unsigned s = 0; s <= 10; ++s) late.On(1).Append(At(s * 1s), 1000 + 100 * s, s);
  late.On(2).Append(At(21s), 2100, 51);
  late.On(2).Append(At(22s), 2200, 52);
  late.Fork(1, 2, 1950, At(23s));
  EXPECT_EQ(std::get<Crossing>(late.Measure(1, 1550, 2)).at, At(5500ms));
  EXPECT_EQ(std::get<Crossing>(late.Measure(1, 1950, 2)).at, At(21s));
  EXPECT_EQ(std::get<Crossing>(late.Measure(2, 2150, 2)).at, At(21500ms));
  EXPECT_TRUE(std::holds_alternative<CaughtUp>(late.Measure(2, 2200, 2)));
}

TEST_F(TimelinesTest, AForkFromATimelineNeverSeenStillTellsWhoDiverged) {
  timelines_.Fork(8, 9, 5000, At(60s));
  EXPECT_EQ(Measure<Diverged>(8, 5001, 9).since, At(60s));
  EXPECT_EQ(Measure<Crossing>(8, 4000, 9).bound, Bound::kAtLeast);
}

TEST_F(TimelinesTest, KeepsTheNewestTimelines) {
  for (TimelineId id = 3; id <= 12; ++id) timelines_.On(id).Append(At(30s), 1000, 1);
  EXPECT_EQ(timelines_.Find(4), nullptr);
  EXPECT_NE(timelines_.Find(5), nullptr);
  timelines_.On(1).Append(At(40s), 1000, 1);  // an old one speaks up: it is heard
  EXPECT_NE(timelines_.Find(1), nullptr);
  EXPECT_EQ(timelines_.Find(5), nullptr);
}

}  // namespace
}  // namespace pgrepl::cluster
