// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{};

// The pauses after failures that each follow the pause before at once.
std::vector<Duration> Pauses(Backoff& backoff, Time from, Duration span) {
  std::vector<Duration> pauses;
  for (Time now = from; now < from + span; now += pauses.back()) {
    pauses.push_back(backoff.Next(now));
  }
  return pauses;
}

TEST(BackoffTest, BeginsAtAQuarterOfASecondAndDoubles) {
  Backoff backoff(1);
  for (const Duration expected : {250ms, 500ms, 1000ms, 1500ms, 1500ms}) {
    const Duration pause = backoff.Next(kStart);
    EXPECT_GE(pause, expected * 3 / 4);
    EXPECT_LE(pause, expected * 5 / 4);
  }
}

TEST(BackoffTest, StaysBelowTwoSecondsInTheFirstMinuteAndBelowFifteenLater) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    Backoff backoff(seed);
    for (const Duration pause : Pauses(backoff, kStart, 59s)) EXPECT_LT(pause, 2s);
    Duration longest{};
    for (const Duration pause : Pauses(backoff, kStart + 61s, 1h)) {
      EXPECT_LT(pause, 15s);
      longest = std::max(longest, pause);
    }
    EXPECT_GT(longest, 12s);
  }
}

TEST(BackoffTest, BeginsAnewAfterReset) {
  Backoff backoff(1);
  Pauses(backoff, kStart, 1h);
  backoff.Reset();
  EXPECT_LT(backoff.Next(kStart + 2h), 400ms);
  for (const Duration pause : Pauses(backoff, kStart + 2h, 59s)) EXPECT_LT(pause, 2s);
}

// Or a fleet that lost its servers at one moment would come back to them at one moment.
TEST(BackoffTest, NoTwoSeedsPauseAlike) {
  std::set<Duration> pauses;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) pauses.insert(Backoff(seed).Next(kStart));
  EXPECT_GT(pauses.size(), 95U);
}

TEST(BackoffTest, NeverOverflows) {
  Backoff backoff(1);
  for (int i = 0; i < 100'000; ++i) {
    const Duration pause = backoff.Next(kStart + i * 10s);
    EXPECT_GT(pause, 0s);
    EXPECT_LT(pause, 15s);
  }
}

}  // namespace
}  // namespace pgrepl
