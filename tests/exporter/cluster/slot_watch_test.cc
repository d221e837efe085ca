// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/slot_watch.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1h);

Slot Idle(std::string name, std::optional<Lsn> consumed = Lsn{1000}) {
  return {.name = std::move(name), .type = "logical", .consumed = consumed};
}

Slot Active(std::string name) {
  Slot slot = Idle(std::move(name));
  slot.active = true;
  return slot;
}

/// A look each 10 s at one slot, "cdc".
class SlotWatchTest : public testing::Test {
 protected:
  void See(Slot slot) {
    now_ += 10s;
    slot_ = std::move(slot);
    watch_.See({slot_}, now_);
  }
  [[nodiscard]] std::optional<double> Inactive() const {
    return watch_.InactiveSeconds(slot_, now_);
  }

  Time now_ = kStart;
  Slot slot_;
  SlotWatch watch_;
};

TEST_F(SlotWatchTest, IdleSinceItWasFirstSeen) {
  EXPECT_EQ(watch_.InactiveSeconds(Idle("cdc"), now_), std::nullopt);
  See(Idle("cdc"));
  EXPECT_EQ(Inactive(), 0);
  See(Idle("cdc"));
  See(Idle("cdc"));
  EXPECT_EQ(Inactive(), 20);
  EXPECT_EQ(watch_.InactiveSeconds(slot_, now_ + 5s), 25);
}

TEST_F(SlotWatchTest, IdleSinceItWasSeenToBecomeSo) {
  See(Idle("cdc"));
  See(Active("cdc"));
  EXPECT_EQ(Inactive(), 0);
  EXPECT_EQ(watch_.InactiveSeconds(slot_, now_ + 5s), 0) << "still in use, as far as one knows";
  See(Idle("cdc"));
  EXPECT_EQ(Inactive(), 0);
  See(Idle("cdc"));
  EXPECT_EQ(Inactive(), 10);
}

TEST_F(SlotWatchTest, WhatIsConsumedBetweenTwoLooksIsUse) {
  See(Idle("cdc"));
  See(Idle("cdc", Lsn{2000}));
  EXPECT_EQ(Inactive(), 0);
  See(Idle("cdc", Lsn{2000}));
  EXPECT_EQ(Inactive(), 10);
}

TEST_F(SlotWatchTest, ALossIsNoUse) {
  See(Idle("cdc"));
  See(Idle("cdc", std::nullopt));
  EXPECT_EQ(Inactive(), 10);
  See(Idle("cdc", std::nullopt));
  EXPECT_EQ(Inactive(), 20);
}

TEST_F(SlotWatchTest, TheLossOfASlotInUseEndsItsUse) {
  See(Idle("cdc"));
  See(Active("cdc"));
  See(Idle("cdc", std::nullopt));
  EXPECT_EQ(Inactive(), 0);
}

TEST_F(SlotWatchTest, TheSameLookTwiceChangesNothing) {
  See(Active("cdc"));
  See(Idle("cdc"));
  watch_.See({slot_}, now_);
  EXPECT_EQ(watch_.InactiveSeconds(slot_, now_ + 3s), 3);
}

TEST_F(SlotWatchTest, OneThatWasDroppedIsForgotten) {
  See(Idle("cdc"));
  See(Idle("other"));
  EXPECT_EQ(watch_.InactiveSeconds(Idle("cdc"), now_), std::nullopt);
  See(Idle("cdc"));
  EXPECT_EQ(Inactive(), 0);
}

}  // namespace
}  // namespace pgrepl::cluster
