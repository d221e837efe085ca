// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/wal_written.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

TEST(WalWrittenTest, TheFirstPositionIsWhereCountingBegins) {
  WalWritten written;
  EXPECT_EQ(written.bytes(), 0);
  written.See(1, Lsn{5000});
  EXPECT_EQ(written.bytes(), 0);
}

TEST(WalWrittenTest, SumsForwardSteps) {
  WalWritten written;
  for (const std::uint64_t position : {1000U, 1000U, 1100U, 1500U}) written.See(1, Lsn{position});
  EXPECT_EQ(written.bytes(), 500);
}

TEST(WalWrittenTest, AStepBackCountsNothingAndIsBuiltUpon) {
  WalWritten written;
  for (const std::uint64_t position : {1000U, 1300U, 200U, 250U}) written.See(1, Lsn{position});
  EXPECT_EQ(written.bytes(), 350);
}

TEST(WalWrittenTest, AnotherTimelineBeginsAnew) {
  WalWritten written;
  written.See(1, Lsn{1000});
  written.See(3, Lsn{9000});
  written.See(3, Lsn{9010});
  EXPECT_EQ(written.bytes(), 10);
}

TEST(WalWrittenTest, WhatOthersWroteWhileItWasNoPrimaryIsNotItsOwn) {
  WalWritten written;
  written.See(1, Lsn{1000});
  written.See(1, Lsn{1001});
  written.Interrupt();
  written.See(1, Lsn{9000});
  EXPECT_EQ(written.bytes(), 1);
  written.See(1, Lsn{9001});
  EXPECT_EQ(written.bytes(), 2) << "what was counted stays";
}

}  // namespace
}  // namespace pgrepl::cluster
