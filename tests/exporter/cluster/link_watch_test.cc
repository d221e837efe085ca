// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/link_watch.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

class LinkWatchTest : public testing::Test {
 protected:
  /// A pulse a second; `heard` seconds of the test's clock.
  void Pulses(int from, int to, bool pending, int heard) {
    for (int second = from; second <= to; ++second) watch_.See(pending, At(heard), At(second));
  }
  static Time At(int second) { return Time(1h) + std::chrono::seconds(second); }
  [[nodiscard]] bool StalledAt(int second) const { return watch_.IsStalled(At(second)); }

  LinkWatch watch_;
};

TEST_F(LinkWatchTest, AnIdleLinkMayBeSilent) {
  Pulses(0, 59, /*pending=*/false, 0);
  EXPECT_FALSE(StalledAt(59));
  EXPECT_EQ(watch_.SilentSince(), std::nullopt);
}

TEST_F(LinkWatchTest, SilenceCountsFromWhenWalWaits) {
  Pulses(0, 30, /*pending=*/false, 0);
  Pulses(31, 33, /*pending=*/true, 0);
  EXPECT_FALSE(StalledAt(34));
  EXPECT_TRUE(StalledAt(35));
  EXPECT_EQ(watch_.SilentSince(), At(31));
}

TEST_F(LinkWatchTest, ABusyLinkIsNotStalled) {
  for (int second = 0; second < 60; ++second) {
    Pulses(second, second, /*pending=*/true, second);
    EXPECT_FALSE(StalledAt(second));
  }
}

TEST_F(LinkWatchTest, ASlowLinkIsSilentBetweenMessages) {
  Pulses(0, 1, /*pending=*/true, 0);
  Pulses(3, 3, /*pending=*/true, 3);
  EXPECT_FALSE(StalledAt(8)) << "twice as long as it was silent before";
  EXPECT_TRUE(StalledAt(10));
}

// Under a steady load some WAL waits at each pulse: one stall must not make us patient for ever.
TEST_F(LinkWatchTest, ALinkThatCaughtUpIsNotSlow) {
  Pulses(0, 9, /*pending=*/true, 0);
  Pulses(10, 10, /*pending=*/true, 10);
  watch_.CaughtUp();
  EXPECT_FALSE(StalledAt(13));
  EXPECT_TRUE(StalledAt(14));
}

TEST_F(LinkWatchTest, ANewLinkStartsAnew) {
  Pulses(0, 20, /*pending=*/true, 0);
  watch_.Reset();
  EXPECT_FALSE(StalledAt(20));
  Pulses(21, 22, /*pending=*/true, 21);
  EXPECT_FALSE(StalledAt(22));
  EXPECT_TRUE(StalledAt(25)) << "the silence of the old one is forgotten";
}

}  // namespace
}  // namespace pgrepl::cluster
