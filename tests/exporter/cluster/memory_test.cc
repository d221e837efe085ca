// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/exporter/cluster/watched_pair.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using MemoryTest = WatchedPair;

TEST_F(MemoryTest, ARowOfAConfiguredStandbyIsThatStandbys) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  const ServerView p = cluster_.Server("p");
  ASSERT_THAT(SendersOn(p), ElementsAre("s1"));
  EXPECT_EQ(p.senders[0].row->replayed, Lsn{1000});
  EXPECT_TRUE(cluster_.Lag("s1").streaming);
}

TEST_F(MemoryTest, ARoleThatMaySeeNothingOfALinkSaysThatItIsThere) {
  ReceiverFact hidden;
  hidden.present = hidden.hidden = true;
  hidden.pid = 4711;
  const auto senders_hidden = Primary(1000, 1).Without(CollectorId::kSenders);
  Pulse(senders_hidden, StandbyAt(1000).Receives(hidden));
  const ServerView s1 = cluster_.Server("s1");
  EXPECT_TRUE(s1.receiver->up);
  EXPECT_TRUE(s1.lag->connected);
  EXPECT_TRUE(s1.lag->state_hidden);
  EXPECT_EQ(s1.lag->cause, LagCause::kNone);
  EXPECT_EQ(s1.lag->seconds, 0);
  Pulse(senders_hidden, StandbyAt(1000).Receives(ReceiverFact{}));
  EXPECT_FALSE(cluster_.Server("s1").receiver->up) << "that there is none is not hidden";
}

TEST_F(MemoryTest, AReceiverThatIsHiddenIsNotSilent) {
  Pulse(Primary(1000, 1), Streaming());
  EXPECT_TRUE(cluster_.Server("s1").receiver->last_message_age_seconds);
  ReceiverFact hidden;
  hidden.present = hidden.hidden = true;
  Pulse(Primary(1000, 1), StandbyAt(1000).Receives(hidden));
  EXPECT_FALSE(cluster_.Server("s1").receiver->last_message_age_seconds);
}

// The control file goes on naming the old timeline until a restartpoint.
TEST_F(MemoryTest, HiddenLinkIsOnTheTimelineOfThePrimaryThatItHasAllOf) {
  ReceiverFact hidden;
  hidden.present = hidden.hidden = true;
  const auto standby = [&](std::int64_t transactions) {
    return StandbyAt(5100).Transactions(transactions).Receives(hidden);
  };
  const auto promoted = Primary(5100, 8).OnTimeline(2).ForkedAt(5000);
  Pulse(Primary(5000, 7), StandbyAt(5000).Transactions(7).Receives(hidden));
  Pulse(promoted, standby(9));
  EXPECT_FALSE(cluster_.Lag("s1").known) << "others' transactions";
  EXPECT_EQ(cluster_.Server("s1").timeline, 1);
  Pulse(promoted, StandbyAt(5100).Transactions(8));
  EXPECT_FALSE(cluster_.Lag("s1").known) << "it isn't connected";
  Pulse(promoted, standby(8));
  EXPECT_EQ(cluster_.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster_.Lag("s1").known);
  EXPECT_EQ(cluster_.Server("s1").timeline, 2);
  EXPECT_EQ(cluster_.Server("s1").diverged, false);
}

TEST_F(MemoryTest, ARowThatIsGoneLeavesItsStandbyBehind) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  Pulse(Primary(1000, 1), StandbyAt(1000));
  cluster_.now += 9s;
  const ServerView p = cluster_.Server("p");
  ASSERT_THAT(SendersOn(p), ElementsAre("s1"));
  EXPECT_EQ(p.senders[0].row, nullptr);
  EXPECT_EQ(p.senders[0].reply_age_seconds, 10);
  EXPECT_FALSE(cluster_.Lag("s1").connected);
}

TEST_F(MemoryTest, ARowStaysWhileItsServerCantBeAsked) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  cluster_.Lose("s1", UpReason::kTimeout);
  cluster_.now += 1min;
  cluster_.See("p", Primary(1000, 1).Senders({Row()}));
  cluster_.Lose("p", UpReason::kTimeout);
  EXPECT_TRUE(cluster_.Lag("s1").connected);
  cluster_.now += kFresh + 1s;
  EXPECT_FALSE(cluster_.Lag("s1").connected) << "but not for ever";
}

TEST_F(MemoryTest, AStandbyThatCantBeAskedIsMeasuredByItsRow) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  cluster_.Lose("s1", UpReason::kTimeout);
  for (int second = 1; second <= 60; ++second) {
    cluster_.now += kPulse;
    const auto lsn = static_cast<std::uint64_t>(1000 + second);
    cluster_.See("p", Primary(lsn, second).Senders({SenderOf("walreceiver", lsn)}));
  }
  EXPECT_EQ(cluster_.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster_.Lag("s1").known);
  EXPECT_FALSE(cluster_.Server("s1").up);
}

TEST_F(MemoryTest, AStandbyThatMovedIsSeenAtItsNewUpstreamOnly) {
  WatchedCluster cluster{OptionsFor({"p", "s1", "s2"})};
  const SnapshotBuilder relay = StandbyAt(1000).Host("10.0.0.8");
  cluster.See("s1", relay);
  cluster.See("s2", Streaming());
  cluster.See("p", Primary(1000, 1).Senders({Row()}));
  ReceiverFact receiver = ReceiverAt(1000, 2);
  receiver.sender_host = "10.0.0.8";
  cluster.now += kPulse;
  cluster.See("s2", StandbyAt(1000).Receives(receiver));
  cluster.See("s1", SnapshotBuilder(relay).Senders({Row()}));
  cluster.See("p", Primary(1000, 1));
  EXPECT_THAT(SendersOn(cluster.Server("p")), IsEmpty());
  EXPECT_THAT(SendersOn(cluster.Server("s1")), ElementsAre("s2"));
}

TEST_F(MemoryTest, AStandbyThatMovedToAStrangerIsOnNoServerOfOurs) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  EXPECT_EQ(cluster_.Server("p").edges.size(), 1);
  ReceiverFact elsewhere = ReceiverAt(1000, 2);
  elsewhere.sender_host = "10.0.0.99";
  Pulse(Primary(1000, 1), StandbyAt(1000).Receives(elsewhere));
  EXPECT_THAT(cluster_.Server("p").edges, IsEmpty());
  EXPECT_EQ(cluster_.Server("s1").upstream_address, "10.0.0.99:5432");
}

TEST_F(MemoryTest, AStandbyThatLeftADeadUpstreamIsAtItsNewOne) {
  WatchedCluster cluster{OptionsFor({"relay", "s2"})};
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.sender_host = "10.0.0.8";
  cluster.See("relay", StandbyAt(1000).Host("10.0.0.8").Senders({Row()}));
  cluster.See("s2", StandbyAt(1000).Receives(receiver));
  EXPECT_EQ(cluster.Server("relay").edges.size(), 1);
  for (unsigned second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    cluster.Lose("relay", UpReason::kRefused);
    receiver = ReceiverAt(1000 + second, 1 + second);
    receiver.sender_host = "10.0.0.99";
    cluster.See("s2", StandbyAt(1000 + second).Receives(receiver));
  }
  EXPECT_THAT(cluster.Server("relay").edges, IsEmpty());
  EXPECT_EQ(cluster.Server("s2").upstream_address, "10.0.0.99:5432");
  EXPECT_EQ(cluster.Lag("s2").seconds, 0);
  EXPECT_TRUE(cluster.Lag("s2").known);
}

// pg_last_wal_replay_lsn() tells that too.
TEST_F(MemoryTest, WhatAPrimaryReplayedAfterACrashIsNoFork) {
  Pulse(Primary(5000, 1).OnTimeline(2), StandbyAt(5000));
  Pulse(Primary(6000, 2).OnTimeline(2).ForkedAt(5900), StandbyAt(5000));
  EXPECT_FALSE(cluster_.memory().HistoryOf(cluster_.memory().system())->ForkOf(2));
}

TEST_F(MemoryTest, APromotionTakesTheStandbysSeriesAwayAtOnce) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  Pulse(Primary(1000, 1), Primary(1100, 1).OnTimeline(2).ForkedAt(1000));
  const ServerView s1 = cluster_.Server("s1");
  EXPECT_EQ(s1.role, Role::kPrimary);
  EXPECT_EQ(s1.role_changes, 1);
  EXPECT_EQ(s1.timeline, 2);
  EXPECT_FALSE(s1.lag);
  EXPECT_FALSE(s1.receiver);
  EXPECT_THAT(SendersOn(cluster_.Server("p")), IsEmpty()) << "nobody streams to a primary";
}

TEST_F(MemoryTest, ADemotedPrimaryWasCaughtUpUntilThen) {
  Pulse(Primary(1000, 1), Streaming());
  cluster_.now += 24h;
  Pulse(Primary(1000, 1), Streaming());
  cluster_.Lose("p", UpReason::kRefused);
  cluster_.now += 10s;
  cluster_.See("p", StandbyAt(1000).Host(kPrimaryHost).Without(CollectorId::kLag));
  const LagView lag = cluster_.Lag("p");
  EXPECT_FALSE(lag.known);
  EXPECT_NEAR(lag.seconds, 10, 1);
}

TEST_F(MemoryTest, WhatAPrimaryWroteIsCountedWhileItCanBeAskedAndStays) {
  Pulse(Primary(1000, 1), Streaming());
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, 0);
  Pulse(Primary(1600, 2), Streaming());
  cluster_.Lose("p", UpReason::kTimeout);
  cluster_.now += 1h;
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, 600);
  cluster_.See("p", Primary(1900, 3));
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, 900) << "nobody else was the primary";
  EXPECT_EQ(cluster_.Server("s1").wal_written_bytes, std::nullopt);
}

TEST_F(MemoryTest, WhatOthersWroteIsNotCountedAsAPrimarys) {
  Pulse(Primary(1000, 1), Streaming());
  Pulse(Primary(1600, 2), Streaming());
  cluster_.See("p", StandbyAt(1600).Host(kPrimaryHost));
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, std::nullopt);
  cluster_.now += 1h;
  cluster_.See("p", Primary(9000, 3));
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, 600);
  cluster_.See("p", Primary(9000'000, 3).System("8000"));
  EXPECT_EQ(cluster_.Server("p").wal_written_bytes, 600) << "restored, or upgraded";
}

TEST_F(MemoryTest, WithoutAPrimaryItsReceiversTellWhatItWrote) {
  WatchedCluster cluster{OptionsFor({"s1", "s2"})};
  for (int second = 1; second <= 30; ++second) {
    cluster.now += kPulse;
    const auto lsn = static_cast<std::uint64_t>(1000 + 100 * second);
    cluster.See("s1", StandbyAt(lsn).Receives(ReceiverAt(lsn, second)));
    cluster.See("s2", StandbyAt(1000).Receives(ReceiverAt(lsn, second)).Paused());
  }
  EXPECT_EQ(cluster.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster.Lag("s1").known);
  EXPECT_EQ(cluster.Lag("s1").source, LagSource::kReceiver);
  EXPECT_NEAR(cluster.Lag("s2").seconds, 30, 1);
  EXPECT_EQ(cluster.Lag("s2").bytes.total, 3000);
}

TEST_F(MemoryTest, AReceiverThatTrailsTakesNothingBack) {
  WatchedCluster cluster{OptionsFor({"s1", "s2"})};
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    cluster.See("s1", StandbyAt(2000).Receives(ReceiverAt(2000, second)));
    cluster.See("s2", StandbyAt(1500).Receives(ReceiverAt(1500, second)));
  }
  EXPECT_EQ(cluster.Lag("s1").seconds, 0);
  EXPECT_GT(cluster.Lag("s2").seconds, 8);
}

/// Only p is configured.
class PrimaryOnlyTest : public testing::Test {
 protected:
  void RunFor(Duration time, const std::vector<Sender>& senders) {
    for (const Time end = cluster_.now + time; cluster_.now < end;) {
      cluster_.now += kPulse;
      lsn_ += 100;
      std::vector<Sender> rows;
      for (const Sender& sender : senders) rows.push_back(Replying(sender, cluster_.now));
      cluster_.See("p", Primary(lsn_, ++transactions_).Senders(rows));
    }
  }

  /// A standby that has everything that p will have written by the next pulse.
  [[nodiscard]] static Sender KeepsUp(const std::string& slot) {
    Sender sender = SenderOf("walreceiver", 1'000'000);
    sender.slot_name = slot;
    return sender;
  }

  [[nodiscard]] std::vector<std::string> Servers() const {
    std::vector<std::string> names;
    const ClusterView view = cluster_.View();
    for (const ServerView& server : view.servers) names.push_back(server.name);
    return names;
  }

  WatchedCluster cluster_{OptionsFor({"p"})};
  std::uint64_t lsn_ = 1000;
  std::int64_t transactions_ = 0;
};

TEST_F(PrimaryOnlyTest, ListsTheStandbysThatItSees) {
  RunFor(10s, {KeepsUp("east"), KeepsUp("west")});
  EXPECT_THAT(Servers(), ElementsAre("p", "east", "west"));
  const ServerView east = cluster_.Server("east");
  EXPECT_FALSE(east.configured);
  EXPECT_EQ(east.role, Role::kStandby);
  EXPECT_EQ(east.timeline, 1);
  EXPECT_TRUE(east.receiver->up);
  EXPECT_EQ(east.lag->seconds, 0);
  EXPECT_TRUE(east.lag->known);
  EXPECT_THAT(SendersOn(cluster_.Server("p")), ElementsAre("east", "west"));
}

TEST_F(PrimaryOnlyTest, TellsTheLagOfOneThatStandsStill) {
  Sender slow = KeepsUp("east");
  slow.replayed = Lsn{lsn_ + 1000};
  RunFor(30s, {slow});
  EXPECT_NEAR(cluster_.Lag("east").seconds, 20, 1);
  EXPECT_TRUE(cluster_.Lag("east").known);
}

TEST_F(PrimaryOnlyTest, OneThatVanishedStaysAndItsLagGrows) {
  Sender east = KeepsUp("east");
  RunFor(10s, {east});
  east.replayed = Lsn{lsn_ + 200};
  RunFor(2s, {east});
  RunFor(60s, {});
  const ServerView view = cluster_.Server("east");
  EXPECT_NEAR(view.lag->seconds, 60, 1);
  EXPECT_TRUE(view.lag->known);
  EXPECT_FALSE(view.lag->connected);
  EXPECT_FALSE(view.receiver->up);
  EXPECT_THAT(SendersOn(cluster_.Server("p")), ElementsAre("east"));
}

TEST_F(PrimaryOnlyTest, OneThatVanishedIsForgottenAfterTheConfiguredTime) {
  RunFor(10s, {KeepsUp("east"), KeepsUp("west")});
  cluster_.now += 23h;
  RunFor(1s, {KeepsUp("west")});
  EXPECT_THAT(Servers(), ElementsAre("p", "east", "west"));
  cluster_.now += 2h;
  RunFor(1s, {KeepsUp("west")});
  EXPECT_THAT(Servers(), ElementsAre("p", "west"));
  EXPECT_EQ(cluster_.Lag("west").seconds, 0);
}

TEST_F(PrimaryOnlyTest, TheSenderOfALostConnectionIsNoStandby) {
  RunFor(10s, {KeepsUp("")});
  const Sender lost = Replying(KeepsUp(""), cluster_.now);
  for (int second = 0; second < 60; ++second) {
    cluster_.now += kPulse;
    Sender successor = Replying(KeepsUp(""), cluster_.now);
    successor.pid = 2;
    cluster_.See("p", Primary(lsn_, ++transactions_).Senders({successor, lost}));
  }
  EXPECT_THAT(Servers(), ElementsAre("p", "walreceiver"));
  EXPECT_EQ(cluster_.Lag("walreceiver").seconds, 0);
}

TEST_F(PrimaryOnlyTest, WhatIsNoStandbyIsNotListed) {
  Sender receivewal = KeepsUp("archive");
  receivewal.kind = SenderKind::kReceivewal;
  RunFor(10s, {receivewal});
  EXPECT_THAT(Servers(), ElementsAre("p"));
}

TEST_F(PrimaryOnlyTest, WithThePrimaryGoneStandbysStayUnknownAndGrow) {
  RunFor(10s, {KeepsUp("east")});
  cluster_.Lose("p", UpReason::kTimeout);
  cluster_.now += 60s;
  const LagView lag = cluster_.Lag("east");
  EXPECT_FALSE(lag.known);
  EXPECT_EQ(lag.bound, LagBound::kAtLeast);
  EXPECT_NEAR(lag.seconds, 60, 1);
}

TEST(MemoryOtherStandbysTest, ASenderIsNamedOnlyWhenEveryServerWasTried) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(1000, 1).Senders({Replying(SenderOf("x", 1000), cluster.now)}));
  }
  EXPECT_FALSE(cluster.Shows("x")) << "s1 may call itself x";
}

TEST(MemoryOtherStandbysTest, AServerThatIsReachedAtLastTakesItsRowOver) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  cluster.Lose("s1", UpReason::kTimeout);
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(1000, 1).Senders({Replying(SenderOf("x", 1000), cluster.now)}));
  }
  EXPECT_TRUE(cluster.Shows("x"));
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.application_name = "x";
  cluster.See("s1", StandbyAt(1000).Receives(receiver));
  EXPECT_FALSE(cluster.Shows("x")) << "it would lag for a day";
  EXPECT_THAT(SendersOn(cluster.Server("p")), ElementsAre("s1"));
}

TEST(MemoryOtherStandbysTest, OneServerByTwoAddressesShowsItsStandbysOnce) {
  WatchedCluster cluster{OptionsFor({"service", "pod", "s1"})};
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    const Sender row = Replying(SenderOf("walreceiver", 1000), cluster.now);
    cluster.See("service", Primary(1000, 1).Senders({row}).Host("10.0.0.9").StartedAt(5));
    cluster.See("pod", Primary(1000, 1).Senders({row}).StartedAt(5));
    cluster.See("s1", StandbyAt(1000).Receives(ReceiverAt(1000, second)));
  }
  EXPECT_EQ(cluster.View().servers.size(), 3U);
  EXPECT_EQ(cluster.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster.Lag("s1").streaming);
}

}  // namespace
}  // namespace pgrepl::cluster
