// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/stage_watch.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

class StageWatchTest : public testing::Test {
 protected:
  void See(const LagBytes& bytes, int samples = 1) {
    for (int i = 0; i < samples; ++i) watch_.See(now_ += 1s, bytes);
  }

  StageWatch watch_;
  Time now_{1h};
};

TEST_F(StageWatchTest, NothingWaits) {
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
  See({.send = 0, .write = 0, .flush = 0, .replay = 0}, 5);
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
}

TEST_F(StageWatchTest, TheStageThatHoldsMost) {
  See({.send = 10, .write = 10, .flush = 5000, .replay = 100});
  EXPECT_EQ(watch_.Slowest(), LagCause::kStandbyDisk);
}

TEST_F(StageWatchTest, WhatIsNotSentWhileNothingIsOnItsWayIsTheSenders) {
  See({.send = 5000, .write = 0}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kSenderSlow);
}

TEST_F(StageWatchTest, WhatIsNotSentBecauseTheLinkIsFullIsTheNetworks) {
  See({.send = 5000, .write = 16}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork);
}

TEST_F(StageWatchTest, TheLinksFlavourMayBecomeClearer) {
  See({.send = 5000, .write = 0});
  EXPECT_EQ(watch_.Slowest(), LagCause::kSenderSlow);
  See({.send = 5000, .write = 16}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork);
}

// Replay that is blocked under load: what it holds grows, and with each burst other stages hold more
// for a moment.
TEST_F(StageWatchTest, ABurstDoesNotChangeIt) {
  See({.write = 10, .replay = 1000}, 5);
  for (int i = 0; i < 20; ++i) {
    See({.write = i % 2 == 0 ? 3000.0 : 0.0, .replay = 1000});
    EXPECT_EQ(watch_.Slowest(), LagCause::kReplaySlow) << i;
  }
}

TEST_F(StageWatchTest, AnotherThatHoldsTwiceAsMuchDoes) {
  See({.write = 0, .replay = 1000}, 10);
  See({.write = 5000, .replay = 0}, 10);
  EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork);
}

TEST_F(StageWatchTest, WhatIsOverIsForgotten) {
  See({.replay = 1000}, 3);
  See({.replay = 0}, 11);
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
}

}  // namespace
}  // namespace pgrepl::cluster
