// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/stage_watch.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

class StageWatchTest : public testing::Test {
 protected:
  void See(const StageSample& sample, int samples = 1) {
    for (int i = 0; i < samples; ++i) watch_.See(now_ += 1s, sample);
  }

  StageWatch watch_;
  Time now_{1h};
};

TEST_F(StageWatchTest, NothingWaits) {
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
  See({.bytes = {.send = 0, .write = 0, .flush = 0, .replay = 0}}, 5);
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
}

TEST_F(StageWatchTest, ThePlaceThatHoldsMost) {
  See({.bytes = {.send = 10, .write = 10, .flush = 5000, .replay = 100}});
  EXPECT_EQ(watch_.Slowest(), LagCause::kStandbyDisk);
}

TEST_F(StageWatchTest, WhatIsNotSentByASenderAtWorkIsTheSenders) {
  See({.bytes = {.send = 5000, .write = 16}}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kSenderSlow);
}

TEST_F(StageWatchTest, WhatIsNotSentBecauseTheSocketIsFullIsTheNetworks) {
  See({.bytes = {.send = 5000, .write = 16}, .sender_waits = true}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork);
}

TEST_F(StageWatchTest, WhatIsNotReadByAReceiverThatFlushesIsTheDisks) {
  See({.bytes = {.send = 5000, .write = 16}, .sender_waits = true, .flushing = true}, 3);
  EXPECT_EQ(watch_.Slowest(), LagCause::kStandbyDisk);
}

TEST_F(StageWatchTest, MostSamplesDecideWhy) {
  for (int i = 0; i < 3; ++i) {
    See({.bytes = {.send = 5000}, .sender_waits = true, .flushing = true});
    See({.bytes = {.send = 5000}, .sender_waits = true}, 2);
    EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork) << i;
  }
}

TEST_F(StageWatchTest, SamplesWithoutSuchWalDontCount) {
  See({.bytes = {.send = 0, .write = 0}, .sender_waits = true}, 5);
  See({.bytes = {.send = 5000}}, 2);
  EXPECT_EQ(watch_.Slowest(), LagCause::kSenderSlow);
}

// Replay that is blocked under load: what it holds grows, and with each burst other places hold more
// for a moment.
TEST_F(StageWatchTest, ABurstDoesNotChangeIt) {
  See({.bytes = {.write = 10, .replay = 1000}}, 5);
  for (int i = 0; i < 20; ++i) {
    See({.bytes = {.write = i % 2 == 0 ? 3000.0 : 0.0, .replay = 1000}});
    EXPECT_EQ(watch_.Slowest(), LagCause::kReplaySlow) << i;
  }
}

TEST_F(StageWatchTest, AnotherThatHoldsTwiceAsMuchDoes) {
  See({.bytes = {.write = 0, .replay = 1000}}, 10);
  See({.bytes = {.write = 5000, .replay = 0}, .sender_waits = true}, 10);
  EXPECT_EQ(watch_.Slowest(), LagCause::kNetwork);
}

TEST_F(StageWatchTest, WhatIsOverIsForgotten) {
  See({.bytes = {.replay = 1000}}, 3);
  See({.bytes = {.replay = 0}}, 11);
  EXPECT_EQ(watch_.Slowest(), std::nullopt);
}

}  // namespace
}  // namespace pgrepl::cluster
