// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/sync_waits.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1h);
const SyncWaiter kOne{.pid = 1, .backend_start = 10, .xact_start = 20};
const SyncWaiter kAnother{.pid = 2, .backend_start = 10, .xact_start = 20};

TEST(SyncWaitsTest, NobodyWaits) {
  SyncWaits waits;
  EXPECT_EQ(waits.OldestSeconds(kStart), 0);
  waits.See({}, kStart);
  EXPECT_EQ(waits.OldestSeconds(kStart + 9s), 0);
}

TEST(SyncWaitsTest, CountsFromTheFirstSampleThatSawIt) {
  SyncWaits waits;
  waits.See({kOne}, kStart);
  waits.See({kOne, kAnother}, kStart + 3s);
  EXPECT_EQ(waits.OldestSeconds(kStart + 5s), 5);
  waits.See({kAnother}, kStart + 6s);
  EXPECT_EQ(waits.OldestSeconds(kStart + 6s), 3);
  waits.See({}, kStart + 7s);
  EXPECT_EQ(waits.OldestSeconds(kStart + 7s), 0);
}

TEST(SyncWaitsTest, TheNextTransactionOfABackendIsAnotherWait) {
  SyncWaits waits;
  SyncWaiter next = kOne;
  next.xact_start = 30;
  waits.See({kOne}, kStart);
  waits.See({next}, kStart + 60s);
  EXPECT_EQ(waits.OldestSeconds(kStart + 60s), 0);
}

}  // namespace
}  // namespace pgrepl::cluster
