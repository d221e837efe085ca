// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/change_tracker.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000h);

TEST(ChangeTrackerTest, KnowsNothingBeforeTheFirstValue) {
  EXPECT_FALSE(ChangeTracker<double>().changed_at());
}

TEST(ChangeTrackerTest, TheFirstValueCountsAsAChangeWhateverItIs) {
  ChangeTracker<double> tracker;
  tracker.See(0, kStart);
  EXPECT_EQ(tracker.changed_at(), kStart);
}

TEST(ChangeTrackerTest, TheSameValueAgainIsNoChange) {
  ChangeTracker<double> tracker;
  tracker.See(7, kStart);
  tracker.See(7, kStart + 1s);
  EXPECT_EQ(tracker.changed_at(), kStart);
}

TEST(ChangeTrackerTest, AnyOtherValueIsAChangeAndSoIsTheOldOneAgain) {
  ChangeTracker<double> tracker;
  tracker.See(7, kStart);
  tracker.See(6, kStart + 1s);
  EXPECT_EQ(tracker.changed_at(), kStart + 1s);
  tracker.See(7, kStart + 2s);
  EXPECT_EQ(tracker.changed_at(), kStart + 2s);
}

}  // namespace
}  // namespace pgrepl::cluster
