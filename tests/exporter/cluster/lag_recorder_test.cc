// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lag_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pointee;

Time At(int second) { return Time(1h) + std::chrono::seconds(second); }

TEST(LagRecorderTest, ThereIsNoTrailBeforeTheFirstStepIsOver) {
  LagRecorder recorder;
  for (int second = 0; second < 10; ++second) recorder.See(1, At(second));
  EXPECT_EQ(recorder.Trail(), nullptr);
  recorder.See(1, At(10));
  EXPECT_THAT(recorder.Trail(), Pointee(ElementsAre(1)));
}

TEST(LagRecorderTest, OfEachStepTheWorst) {
  LagRecorder recorder;
  for (int second = 0; second <= 30; ++second)
    recorder.See(second % 10 == 7 ? second : 0, At(second));
  EXPECT_THAT(recorder.Trail(), Pointee(ElementsAre(7, 17, 27)));
}

TEST(LagRecorderTest, StepsInWhichNobodyLookedAreAsBadAsTheNext) {
  LagRecorder recorder;
  recorder.See(1, At(0));
  recorder.See(35, At(35));
  EXPECT_THAT(recorder.Trail(), Pointee(ElementsAre(1, 35, 35)));
  recorder.See(0, At(40));
  EXPECT_THAT(recorder.Trail(), Pointee(ElementsAre(1, 35, 35, 35)));
}

TEST(LagRecorderTest, AQuarterOfAnHourIsKept) {
  LagRecorder recorder;
  for (int second = 0; second <= 2000; ++second) recorder.See(second, At(second));
  ASSERT_EQ(recorder.Trail()->size(), kLagTrailSteps);
  EXPECT_EQ(recorder.Trail()->front(), 1109);
  EXPECT_EQ(recorder.Trail()->back(), 1999);
  recorder.See(7, At(1'000'000));
  EXPECT_EQ(recorder.Trail()->size(), kLagTrailSteps);
  EXPECT_EQ(recorder.Trail()->front(), 7);
}

TEST(LagRecorderTest, WhatWasHandedOutStays) {
  LagRecorder recorder;
  for (int second = 0; second <= 10; ++second) recorder.See(1, At(second));
  const auto before = recorder.Trail();
  for (int second = 11; second <= 20; ++second) recorder.See(2, At(second));
  EXPECT_THAT(before, Pointee(ElementsAre(1)));
  recorder.Reset();
  EXPECT_EQ(recorder.Trail(), nullptr);
  EXPECT_THAT(before, Pointee(ElementsAre(1)));
}

}  // namespace
}  // namespace pgrepl::cluster
