// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/cause.h"

#include <gtest/gtest.h>

namespace pgrepl::cluster {
namespace {

// A standby that lags for each of these reasons alone, in the order of their rank.
struct Case {
  LagCause cause;
  void (*apply)(CauseInputs&);
};
const Case kCases[] = {
    {LagCause::kDifferentSystem, [](CauseInputs& in) { in.different_system = true; }},
    {LagCause::kTimelineDiverged, [](CauseInputs& in) { in.diverged = true; }},
    {LagCause::kSlotLost, [](CauseInputs& in) { in.slot_lost = true; }},
    {LagCause::kWalRemoved, [](CauseInputs& in) { in.wal_removed = true; }},
    {LagCause::kSettingsTooLow,
     [](CauseInputs& in) {
       in.settings_too_low = true;
       in.pause_state = "paused";
     }},
    {LagCause::kReplayPaused, [](CauseInputs& in) { in.pause_state = "paused"; }},
    {LagCause::kPauseRequested, [](CauseInputs& in) { in.pause_state = "pause requested"; }},
    {LagCause::kRecoveryConflict, [](CauseInputs& in) { in.replay_blocked = true; }},
    {LagCause::kApplyDelay, [](CauseInputs& in) { in.apply_delay = 30; }},
    {LagCause::kReplayBacklog, [](CauseInputs& in) { in.backlog = true; }},
    {LagCause::kWaitingForArchive, [](CauseInputs& in) { in.fed_by_archive = true; }},
    {LagCause::kReceiverDown, [](CauseInputs&) {}},
};

CauseInputs Lagging(Link link) { return {.lagging = true, .lag = 20, .link = link}; }

TEST(CauseTest, EachAloneIsTheCause) {
  for (const Case& one : kCases) {
    CauseInputs in = Lagging(Link::kDown);
    one.apply(in);
    EXPECT_EQ(CauseOf(in), one.cause) << kLagCauses[static_cast<int>(one.cause)];
  }
}

TEST(CauseTest, TheFirstThatHoldsCounts) {
  CauseInputs in = Lagging(Link::kDown);
  for (std::size_t i = std::size(kCases); i-- > 0;) {
    // A pause that was only requested would undo the one before it.
    if (kCases[i].cause == LagCause::kPauseRequested) continue;
    kCases[i].apply(in);
    EXPECT_EQ(CauseOf(in), kCases[i].cause) << kLagCauses[static_cast<int>(kCases[i].cause)];
  }
}

TEST(CauseTest, NoneWhileItDoesNotLag) {
  for (const Case& one : kCases) {
    CauseInputs in = Lagging(Link::kDown);
    one.apply(in);
    in.lagging = false;
    EXPECT_EQ(CauseOf(in), LagCause::kNone);
  }
}

TEST(CauseTest, AStandbyThatStreamsHasLostNoWal) {
  CauseInputs in = Lagging(Link::kUp);
  in.slot_lost = true;    // of a slot that it doesn't use any more
  in.wal_removed = true;  // as of a listing that is a minute old
  in.backlog = true;
  EXPECT_EQ(CauseOf(in), LagCause::kUnknown);
}

TEST(CauseTest, RemovedWalMayStillComeFromTheArchive) {
  CauseInputs in = Lagging(Link::kDown);
  in.wal_removed = true;
  in.has_restore_command = true;
  EXPECT_EQ(CauseOf(in), LagCause::kWaitingForArchive);
}

TEST(CauseTest, SettingsThatAreTooLowOnlyCountOnceTheyPauseIt) {
  CauseInputs in = Lagging(Link::kDown);
  in.settings_too_low = true;
  EXPECT_EQ(CauseOf(in), LagCause::kReceiverDown);
}

TEST(CauseTest, MoreThanTheDelayIsAnotherCause) {
  CauseInputs in = Lagging(Link::kDown);
  in.apply_delay = 14;
  EXPECT_EQ(CauseOf(in), LagCause::kReceiverDown);
  in.apply_delay = 15;
  EXPECT_EQ(CauseOf(in), LagCause::kApplyDelay);
}

TEST(CauseTest, OnALinkThatIsUp) {
  CauseInputs in = Lagging(Link::kUp);
  EXPECT_EQ(CauseOf(in), LagCause::kUnknown);
  in.slowest_stage = LagCause::kNetwork;
  EXPECT_EQ(CauseOf(in), LagCause::kNetwork);
  in.catching_up = true;
  EXPECT_EQ(CauseOf(in), LagCause::kCatchingUp);
  in.stalled = true;
  EXPECT_EQ(CauseOf(in), LagCause::kConnectionStalled);
  in.upstream_lags = true;
  EXPECT_EQ(CauseOf(in), LagCause::kUpstreamLagging);
}

TEST(CauseTest, WhatCannotBeSeenIsNotDown) {
  EXPECT_EQ(CauseOf(Lagging(Link::kUnknown)), LagCause::kUnknown);
  CauseInputs in = Lagging(Link::kUnknown);
  in.stalled = in.upstream_lags = true;
  EXPECT_EQ(CauseOf(in), LagCause::kUnknown);
}

}  // namespace
}  // namespace pgrepl::cluster
