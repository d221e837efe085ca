// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/standby.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/support/snapshot_builder.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000h);

Time At(Duration since_start) { return kStart + since_start; }
Freshness FreshAt(Duration since_start) { return {At(since_start), 5s, 1200ms}; }

class StandbyTest : public testing::Test {
 protected:
  void Own(Duration at, std::uint64_t lsn) {
    standby_.SeePosition({.received = Lsn{lsn}, .replayed = Lsn{lsn}}, At(at));
  }

  void AtUpstream(Duration at, std::uint64_t lsn, const std::string& state = "streaming") {
    Sender row = SenderOf("s1", lsn);
    row.state = state;
    standby_.SeeSender(std::make_shared<const Sender>(row), 0, At(at));
  }

  void Receiver(Duration at, const ReceiverFact& receiver) {
    standby_.SeeReceiver(std::make_shared<const ReceiverFact>(receiver), At(at));
  }

  [[nodiscard]] std::uint64_t PositionAt(Duration at) const {
    return standby_.Position(FreshAt(at)).value().lsn.bytes;
  }

  Standby standby_;
};

TEST_F(StandbyTest, HasNoPositionBeforeOneWasSeen) { EXPECT_FALSE(standby_.Position(FreshAt(0s))); }

TEST_F(StandbyTest, ItsOwnWordComesFirst) {
  Own(1s, 1000);
  AtUpstream(2s, 2000);
  EXPECT_EQ(PositionAt(2s), 1000U);
}

// Just restarted, it streams again before we have connected to it again.
TEST_F(StandbyTest, UnlessItIsOverdueAndItsUpstreamSpokeSinceOfNoLess) {
  Own(500ms, 900);
  AtUpstream(1500ms, 900);
  EXPECT_EQ(standby_.Position(FreshAt(1600ms))->at, At(500ms));
  EXPECT_EQ(standby_.Position(FreshAt(1800ms))->at, At(1500ms));
  Own(2s, 1000);
  AtUpstream(3500ms, 1000);
  EXPECT_EQ(standby_.Position(FreshAt(4s))->at, At(3500ms));
  Own(3600ms, 1500);
  AtUpstream(5s, 1400);
  EXPECT_EQ(PositionAt(6s), 1500U) << "what it said already can't be untrue";
}

TEST_F(StandbyTest, ThenItsUpstreams) {
  Own(1s, 1000);
  AtUpstream(9s, 2000);
  EXPECT_EQ(PositionAt(10s), 2000U);
}

TEST_F(StandbyTest, ThenTheFurtherOneOfWhatWasLastKnown) {
  Own(1s, 1000);
  AtUpstream(2s, 2000);
  EXPECT_EQ(PositionAt(60s), 2000U);
  Own(3s, 3000);
  EXPECT_EQ(PositionAt(60s), 3000U);
}

TEST_F(StandbyTest, AnUpstreamThatTrailsIsNotBelieved) {
  Own(1s, 2000);
  AtUpstream(9s, 1000);
  EXPECT_EQ(PositionAt(10s), 2000U);
}

TEST_F(StandbyTest, TheSameSampleAgainIsNoNewSample) {
  Own(1s, 1000);
  Own(1s, 9999);
  EXPECT_EQ(PositionAt(1s), 1000U);
}

TEST_F(StandbyTest, ReplaysAgainWhatItOnceHadUntilItIsCaughtUp) {
  Own(1s, 2000);
  EXPECT_FALSE(standby_.replaying_again);
  Own(2s, 1500);
  EXPECT_TRUE(standby_.replaying_again);
  Own(3s, 2500);
  EXPECT_TRUE(standby_.replaying_again) << "what came meanwhile is not replayed";
  standby_.SeeMeasured({At(4s), 0});
  EXPECT_FALSE(standby_.replaying_again);
}

TEST_F(StandbyTest, OnAnotherTimelineLsnsStartAnew) {
  standby_.SeeTimeline(1);
  Own(1s, 2000);
  standby_.SeeTimeline(2);
  Own(2s, 1500);
  EXPECT_FALSE(standby_.replaying_again);
}

TEST_F(StandbyTest, IsCaughtUpFromTheMomentThatItsMeasurementProves) {
  standby_.caught_up_at = At(0s);
  standby_.SeeMeasured({At(60s), 20});
  EXPECT_EQ(standby_.caught_up_at, At(40s));
  EXPECT_FALSE(standby_.caught_up_once);
  standby_.SeeMeasured({At(61s), 0});
  EXPECT_EQ(standby_.caught_up_at, At(61s));
  EXPECT_TRUE(standby_.caught_up_once);
}

TEST_F(StandbyTest, OnABusyLinkAMomentBehindIsCaughtUp) {
  standby_.replaying_again = true;
  standby_.SeeMeasured({At(60s), 0.05});
  EXPECT_TRUE(standby_.caught_up_once);
  EXPECT_FALSE(standby_.replaying_again);
}

TEST_F(StandbyTest, NothingTakesBackThatItWasCaughtUp) {
  standby_.caught_up_at = At(50s);
  standby_.SeeMeasured({At(60s), 20});
  EXPECT_EQ(standby_.caught_up_at, At(50s));
}

TEST_F(StandbyTest, AsAPrimaryItHasEverythingAndItsPastIsForgotten) {
  standby_.identity.name = "s1";
  Own(1s, 1000);
  AtUpstream(1s, 1000);
  Receiver(1s, ReceiverAt(1000, 1));
  standby_.SeePrimary(At(2s));
  EXPECT_EQ(standby_.caught_up_at, At(2s));
  EXPECT_EQ(standby_.identity.name, "s1");
  EXPECT_FALSE(standby_.identity.seen);
  EXPECT_FALSE(standby_.upstream);
  EXPECT_FALSE(standby_.Position(FreshAt(2s)));
  EXPECT_FALSE(standby_.Receives(FreshAt(2s)));
}

TEST_F(StandbyTest, LagGrowsBetweenZeroAndOneSecondASecond) {
  EXPECT_EQ(standby_.LagGrowth(), 0);
  standby_.SeeMeasured({At(1s), 1});
  EXPECT_EQ(standby_.LagGrowth(), 0) << "one sample shows no growth";
  standby_.SeeMeasured({At(3s), 2});
  EXPECT_EQ(standby_.LagGrowth(), 0.5);
  standby_.SeeMeasured({At(4s), 9});
  EXPECT_EQ(standby_.LagGrowth(), 1) << "no lag grows faster";
  standby_.SeeMeasured({At(5s), 0});
  EXPECT_EQ(standby_.LagGrowth(), 0) << "it may not go on shrinking";
}

TEST_F(StandbyTest, EitherSideSaysThatItReceives) {
  EXPECT_FALSE(standby_.Receives(FreshAt(1s)));
  AtUpstream(1s, 1000, "catchup");
  EXPECT_TRUE(standby_.Receives(FreshAt(1s)));
  AtUpstream(2s, 1000, "startup");
  EXPECT_FALSE(standby_.Receives(FreshAt(2s)));
  Receiver(2s, ReceiverAt(1000, 1));
  EXPECT_TRUE(standby_.Receives(FreshAt(2s)));
  EXPECT_FALSE(standby_.Receives(FreshAt(60s))) << "long ago";
}

TEST_F(StandbyTest, AWaitingReceiverDoesNotStream) {
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.status = "waiting";
  Receiver(1s, receiver);
  EXPECT_FALSE(standby_.ReceiverStreams(FreshAt(1s)));
}

TEST_F(StandbyTest, OnceCaughtUpALinkThatWasSilentIsNotSlow) {
  const auto pulse = [&](std::chrono::seconds at, int message) {
    Own(at, 1000);
    Receiver(at, ReceiverAt(1000, message));
    standby_.SeeLink(Lsn{2000}, FreshAt(at));
  };
  pulse(1s, 1);
  pulse(2s, 1);
  pulse(9s, 2);
  EXPECT_FALSE(standby_.link.IsStalled(At(14s))) << "it was silent for longer";
  standby_.SeeMeasured({At(9s), 0});
  EXPECT_TRUE(standby_.link.IsStalled(At(14s)));
}

// Its row is there only once it has connected.
TEST_F(StandbyTest, AHiddenReceiverIsConnectedUnlessItsUpstreamKnowsBetter) {
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.hidden = true;
  receiver.status.clear();
  Receiver(1s, receiver);
  EXPECT_TRUE(standby_.IsConnectedUnseen(FreshAt(1s)));
  EXPECT_TRUE(standby_.Receives(FreshAt(1s)));
  EXPECT_FALSE(standby_.ReceiverStreams(FreshAt(1s)));
  EXPECT_FALSE(standby_.ReceiverVouches(FreshAt(1s)));
  EXPECT_FALSE(standby_.identity.seen);
  standby_.SeeLink(Lsn{2000}, FreshAt(1s));
  EXPECT_FALSE(standby_.link.IsStalled(At(1000s))) << "no message is seen, so none is missed";
  EXPECT_FALSE(standby_.Receives(FreshAt(60s))) << "long ago";
  AtUpstream(1s, 1000, "startup");
  EXPECT_FALSE(standby_.Receives(FreshAt(1s)));
  EXPECT_FALSE(standby_.IsConnectedUnseen(FreshAt(1s)));
}

TEST_F(StandbyTest, AReceiverVouchesAsLongAsMessagesComeAsOftenAsOnAnIdleLink) {
  for (int second = 0; second <= 60; ++second) {
    Receiver(second * 1s, ReceiverAt(1000, 1));
    EXPECT_EQ(standby_.ReceiverVouches(FreshAt(second * 1s)), second <= 35) << second;
  }
  Receiver(61s, ReceiverAt(1000, 2));
  EXPECT_TRUE(standby_.ReceiverVouches(FreshAt(61s)));
}

TEST_F(StandbyTest, AReceiverWithoutTimeoutIsTakenAtItsWord) {
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.timeout = 0;
  for (int second = 0; second <= 600; ++second) Receiver(second * 1s, receiver);
  EXPECT_TRUE(standby_.ReceiverVouches(FreshAt(600s)));
}

TEST_F(StandbyTest, CountsReceiversByTheirPid) {
  ReceiverFact receiver = ReceiverAt(1000, 1);
  Receiver(1s, receiver);
  Receiver(2s, ReceiverFact{});
  Receiver(3s, receiver);
  EXPECT_EQ(standby_.receiver_restarts, 0);
  receiver.pid = 4712;
  Receiver(4s, receiver);
  EXPECT_EQ(standby_.receiver_restarts, 1);
}

TEST_F(StandbyTest, RemembersWhatItsReceiverCallsItself) {
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.slot_name = "slot_a";
  receiver.sender_host = "::1";
  Receiver(1s, receiver);
  Receiver(2s, ReceiverFact{});
  EXPECT_TRUE(standby_.identity.seen);
  EXPECT_EQ(standby_.identity.slot_name, "slot_a");
  EXPECT_EQ(standby_.identity.application_name, "walreceiver");
  EXPECT_EQ(standby_.identity.upstream, "[::1]:5432") << "as the exporter writes addresses";
}

}  // namespace
}  // namespace pgrepl::cluster
