// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/view.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/slots.h"
#include "collectors/wal_budget.h"
#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

SnapshotBuilder Streaming(double message = 1) {
  return StandbyAt(1000).Receives(ReceiverAt(1000, message));
}

class ViewTest : public testing::Test {
 protected:
  WatchedCluster cluster_{OptionsFor({"p", "s1"})};
};

TEST_F(ViewTest, EveryConfiguredServerIsThereBeforeAnyWasTried) {
  const ClusterView view = cluster_.View();
  EXPECT_EQ(view.name, "main");
  ASSERT_EQ(view.servers.size(), 2U);
  for (const ServerView& server : view.servers) {
    EXPECT_FALSE(server.tried);
    EXPECT_FALSE(server.up);
    EXPECT_FALSE(server.role);
    EXPECT_TRUE(server.lag) << "it may be a standby";
    EXPECT_TRUE(server.receiver);
  }
}

TEST_F(ViewTest, AServerNeverReachedLagsAtLeastSinceItIsWatched) {
  cluster_.Lose("s1", UpReason::kDns);
  for (int minute = 1; minute <= 5; ++minute) {
    cluster_.now += 1min;
    const ServerView s1 = cluster_.Server("s1");
    EXPECT_EQ(s1.lag->seconds, 60 * minute);
    EXPECT_FALSE(s1.lag->known);
    EXPECT_EQ(s1.lag->bound, LagBound::kAtLeast);
    EXPECT_FALSE(s1.lag->connected);
    EXPECT_FALSE(s1.lag->caught_up_once);
    EXPECT_FALSE(s1.receiver->up);
    EXPECT_TRUE(s1.tried);
    EXPECT_EQ(s1.reason, UpReason::kDns);
  }
}

TEST_F(ViewTest, AnAnswerGrowsStaleThoughNobodySaidThatTheServerIsDown) {
  cluster_.See("p", Primary(1000, 1));
  cluster_.now += kFresh;
  EXPECT_FALSE(cluster_.Server("p").stale);
  cluster_.now += 1ms;
  EXPECT_TRUE(cluster_.Server("p").stale);
  EXPECT_TRUE(cluster_.Server("p").up);
}

TEST_F(ViewTest, ANewConnectionIsHeardBeforeItsFirstReply) {
  Sender row = SenderOf("walreceiver", 1000);
  row.reply_time = 1;
  const auto pulse = [&](const SnapshotBuilder& p) {
    cluster_.now += kPulse;
    cluster_.See("p", p);
    cluster_.See("s1", Streaming());
  };
  pulse(Primary(1000, 1).Senders({row}));
  pulse(Primary(1000, 1));
  cluster_.now += 9min;
  row.pid += 1;
  pulse(Primary(1000, 1).Senders({row}));
  const ServerView p = cluster_.Server("p");
  ASSERT_EQ(p.senders.size(), 1U);
  EXPECT_EQ(p.senders[0].reply_age_seconds, 0);
}

TEST_F(ViewTest, AStandbyThatRepliesNoMoreAgesFromPulseToPulse) {
  Sender row = SenderOf("walreceiver", 1000);
  row.reply_time = 1;
  for (int pulse = 0; pulse < 5; ++pulse) {
    cluster_.now += kPulse;
    cluster_.See("p", Primary(1000, 1).Senders({row}));
    cluster_.See("s1", Streaming());
    const ServerView p = cluster_.Server("p");
    ASSERT_EQ(p.senders.size(), 1U);
    EXPECT_EQ(p.senders[0].reply_age_seconds, pulse * Seconds(kPulse));
  }
}

TEST_F(ViewTest, AStandbyKeepsItsSeriesWhileItIsDown) {
  cluster_.See("p", Primary(1000, 1));
  cluster_.See("s1", Streaming().ApplyDelay(5));
  cluster_.Lose("s1", UpReason::kRefused);
  cluster_.now += 1h;
  const ServerView s1 = cluster_.Server("s1");
  EXPECT_EQ(s1.role, Role::kStandby);
  EXPECT_EQ(s1.timeline, 1);
  EXPECT_EQ(s1.system_identifier, "7000");
  EXPECT_EQ(s1.version, "15.4");
  EXPECT_EQ(s1.lag->apply_delay, 5);
  EXPECT_FALSE(s1.receiver->up);
  EXPECT_EQ(s1.receiver->last_message_age_seconds, 3600);
}

TEST_F(ViewTest, AKnownPrimaryHasNoStandbysSeriesUpOrDown) {
  cluster_.See("p", Primary(1000, 1));
  EXPECT_FALSE(cluster_.Server("p").lag);
  EXPECT_FALSE(cluster_.Server("p").receiver);
  cluster_.Lose("p", UpReason::kTimeout);
  cluster_.now += 1h;
  EXPECT_FALSE(cluster_.Server("p").lag);
  EXPECT_EQ(cluster_.Server("p").role, Role::kPrimary);
}

TEST_F(ViewTest, ThresholdsAreTheConfiguredOnes) {
  ClusterOptions options = OptionsFor({"p", "s1"});
  options.servers[1].max_lag_seconds = 300;
  EXPECT_EQ(WatchedCluster(options).Lag("p").threshold, 60);
  EXPECT_EQ(WatchedCluster(options).Lag("s1").threshold, 300);
}

TEST_F(ViewTest, SizesThatDoNotChangeOutliveTheirServer) {
  ClusterOptions options = OptionsFor({"p", "s1"});
  options.servers[0].wal_filesystem_bytes = 5000;
  WatchedCluster cluster(options);
  EXPECT_EQ(cluster.Server("p").wal_filesystem_bytes, 5000);
  EXPECT_EQ(cluster.Server("p").wal_segment_bytes, 0) << "not read yet";
  EXPECT_EQ(cluster.Server("s1").wal_filesystem_bytes, std::nullopt);
  cluster.See("p", Primary(1000, 1).Tells(CollectorId::kWalBudget, WalBudgetFact{.segment = 64}));
  cluster.Lose("p", UpReason::kTimeout);
  cluster.now += 1h;
  EXPECT_EQ(cluster.Server("p").wal_segment_bytes, 64);
}

TEST_F(ViewTest, FactsGrowOldWithTheirCollector) {
  cluster_.See("p", Primary(1000, 1));
  const auto has = [&](CollectorId id) {
    return cluster_.Server("p").facts[static_cast<std::size_t>(id)] != nullptr;
  };
  cluster_.now += kFresh;
  EXPECT_TRUE(has(CollectorId::kLag));
  cluster_.now += 1s;
  EXPECT_FALSE(has(CollectorId::kLag)) << "two pulses and a deadline";
  EXPECT_TRUE(has(CollectorId::kServer));
  cluster_.now += 30s;
  EXPECT_FALSE(has(CollectorId::kServer)) << "three intervals";
}

TEST_F(ViewTest, FactsOfAQueryGrowOldWithItsInterval) {
  const ClusterOptions options = OptionsFor({"p"});
  const auto query = std::make_shared<const Collector>(
      Collector{.name = "app_jobs", .cadence = Cadence::kSlow, .interval = 5s});
  CollectorSet collectors;
  collectors.Add(query);
  ServerSnapshot told = *Primary(1000, 1).At(cluster_.now);
  told.collectors = std::make_shared<const CollectorSet>(collectors);
  const auto fact = std::make_shared<const int>(1);
  told.facts.push_back({.fact = fact, .at = cluster_.now, .run = {.ran = true, .success = true}});
  Memory memory(options, cluster_.now);
  memory.Observe(0, std::make_shared<const ServerSnapshot>(told), cluster_.now);
  const ClusterView fresh = BuildView(memory, cluster_.now + 15s);
  EXPECT_EQ(fresh.servers[0].facts.at(kCollectorCount), fact.get());
  EXPECT_EQ(fresh.servers[0].collectors.back()->name, "app_jobs");
  EXPECT_TRUE(fresh.servers[0].runs.at(kCollectorCount).success);
  const ClusterView stale = BuildView(memory, cluster_.now + 16s);
  EXPECT_EQ(stale.servers[0].facts.at(kCollectorCount), nullptr);
}

TEST_F(ViewTest, StandsOnItsOwn) {
  auto cluster = std::make_unique<WatchedCluster>(OptionsFor({"p", "s1"}));
  Sender sender = SenderOf("walreceiver", 1000);
  sender.reply_time = 7;
  cluster->See("p", Primary(1000, 1).Senders({sender}));
  cluster->See("s1", Streaming());
  const ClusterView view = cluster->View();
  for (int second = 0; second < 10; ++second) {
    cluster->now += kPulse;
    cluster->See("p", Primary(1000, 1));
    cluster->See("s1", StandbyAt(1000));
  }
  EXPECT_EQ(view.servers[0].senders.at(0).row->reply_time, 7);
  EXPECT_EQ(view.servers[0].address, "10.0.0.1:5432");
}

TEST_F(ViewTest, AReceiverIsExpectedUnlessSomethingLocalKeepsItAway) {
  const auto expected = [&](const SnapshotBuilder& told) {
    cluster_.now += kPulse;
    cluster_.See("s1", told);
    return cluster_.Server("s1").receiver->expected;
  };
  ReceiverFact absent{.conninfo_set = true};
  EXPECT_TRUE(expected(Streaming()));
  EXPECT_TRUE(expected(StandbyAt(1000).Receives(absent)));
  EXPECT_FALSE(expected(StandbyAt(1000).Receives(absent).Paused()));
  EXPECT_FALSE(expected(StandbyAt(1000).Receives(absent).ApplyDelay(5)));
  EXPECT_FALSE(expected(StandbyAt(1000).Receives(absent).Received(2000))) << "a backlog";
  const RecoveryFact retries{.startup_seen = true,
                             .wait_event_type = "Timeout",
                             .wait_event = "RecoveryRetrieveRetryInterval",
                             .oldest_transaction = {}};
  EXPECT_TRUE(expected(
      StandbyAt(1000).Receives(absent).Received(2000).Tells(CollectorId::kRecovery, retries)))
      << "half a record";
  EXPECT_TRUE(expected(Streaming().Paused())) << "it is there";
  absent.conninfo_set = false;
  EXPECT_FALSE(expected(StandbyAt(1000).Receives(absent))) << "it is fed from the archive";
  absent.conninfo_set = std::nullopt;
  EXPECT_TRUE(expected(StandbyAt(1000).Receives(absent))) << "hidden from our role";
}

/// A server with one idle slot.
class SlotAgesTest : public testing::Test {
 protected:
  void Pulse(int version, const std::string& system = "7000") {
    cluster_.now += kPulse;
    cluster_.See(
        "p", Primary(1000, 1).Version(version).System(system).Tells(CollectorId::kSlots, idle_));
  }
  [[nodiscard]] std::vector<std::optional<double>> Ages() const {
    return cluster_.Server("p").slot_inactive_seconds;
  }

  using AgesOf = std::vector<std::optional<double>>;
  const SlotsFact idle_{{{.name = "idle"}}};
  WatchedCluster cluster_{OptionsFor({"p"})};
};

TEST_F(SlotAgesTest, AreRememberedWhereTheServerDoesNotTellThem) {
  Pulse(169999);
  Pulse(169999);
  cluster_.now += 2s;
  EXPECT_EQ(Ages(), AgesOf{3});
  cluster_.Lose("p", UpReason::kTimeout);
  EXPECT_EQ(Ages(), AgesOf{3}) << "the fact is still fresh";
  cluster_.now += 1min;
  EXPECT_EQ(Ages(), AgesOf{});
}

TEST_F(SlotAgesTest, AreTheServersFrom17On) {
  Pulse(170000);
  EXPECT_EQ(Ages(), AgesOf{});
}

TEST_F(SlotAgesTest, OfAnotherSystemBeginAnew) {
  Pulse(150000);
  Pulse(150000);
  EXPECT_EQ(Ages(), AgesOf{1});
  Pulse(150000, "9999");
  EXPECT_EQ(Ages(), AgesOf{0});
}

class ExpectedTest : public testing::Test {
 protected:
  void Expect(int primaries, int standbys) const {
    const ClusterView view = cluster_.View();
    EXPECT_EQ(view.expected_primaries, primaries);
    EXPECT_EQ(view.expected_standbys, standbys);
  }

  WatchedCluster cluster_{OptionsFor({"a", "b", "c"})};
};

TEST_F(ExpectedTest, OnePrimaryAndTheRestBeforeAnythingIsKnown) { Expect(1, 2); }

TEST_F(ExpectedTest, OnePrimaryThatIsDownSinceBefore) {
  cluster_.Lose("a", UpReason::kRefused);
  cluster_.See("b", Streaming());
  cluster_.See("c", Streaming());
  Expect(1, 2);
}

TEST_F(ExpectedTest, NoPrimaryWhereTheTopStandbysUpstreamIsSomebodyElses) {
  for (const std::string name : {"a", "b", "c"}) cluster_.See(name, Streaming());
  Expect(0, 3);
  for (const std::string name : {"a", "b", "c"}) {
    cluster_.now += kPulse;
    cluster_.Lose(name, UpReason::kTimeout);
    Expect(0, 3);
  }
}

TEST_F(ExpectedTest, OnePrimaryWhereNoStandbyWasSeenToStream) {
  for (const std::string name : {"a", "b", "c"}) cluster_.See(name, StandbyAt(1000));
  Expect(1, 2);
}

TEST_F(ExpectedTest, OnePrimaryOnceThereWasOne) {
  cluster_.See("a", Primary(1000, 1));
  cluster_.See("b", Streaming());
  cluster_.See("c", Streaming());
  Expect(1, 2);
  cluster_.See("a", Streaming());
  Expect(1, 2);
}

TEST_F(ExpectedTest, TheConfigurationKnowsBetter) {
  ClusterOptions options = OptionsFor({"a", "b", "c"});
  options.expected_primaries = 0;
  EXPECT_EQ(WatchedCluster(options).View().expected_primaries, 0);
  EXPECT_EQ(WatchedCluster(options).View().expected_standbys, 3);
  options.expected_standbys = 7;
  EXPECT_EQ(WatchedCluster(options).View().expected_standbys, 7);
}

TEST_F(ExpectedTest, AServerAloneExpectsNoStandby) {
  WatchedCluster cluster{OptionsFor({"p"})};
  cluster.See("p", Primary(1000, 1));
  EXPECT_EQ(cluster.View().expected_primaries, 1);
  EXPECT_EQ(cluster.View().expected_standbys, 0);
}

}  // namespace
}  // namespace pgrepl::cluster
