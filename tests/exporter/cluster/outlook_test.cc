// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/outlook.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

class OutlookTest : public testing::Test {
 protected:
  OutlookTest() : OutlookTest(OptionsFor({"p", "s1", "s2"})) {}
  explicit OutlookTest(const ClusterOptions& options) : cluster_(options) {}

  /// A second in which p wrote 100 bytes and a transaction; has: what each standby has then.
  void Pulse(const std::map<std::string, std::uint64_t>& has) {
    cluster_.now += kPulse;
    lsn_ += 100;
    std::vector<Sender> rows;
    for (const auto& [name, lsn] : has) {
      Sender& row = rows.emplace_back(SenderOf(name, lsn));
      row.current = Lsn{lsn_};
      if (name == sync_) row.sync_state = "sync";
      row.reply_time = Seconds(cluster_.now.time_since_epoch());
    }
    rows.insert(rows.end(), others_.begin(), others_.end());
    for (Sender& row : rows) row.current = Lsn{lsn_};
    cluster_.See("p", Primary(lsn_, static_cast<std::int64_t>(lsn_)).Senders(rows));
    for (const auto& [name, lsn] : has) cluster_.See(name, Standby(name, lsn));
  }

  static SnapshotBuilder Standby(const std::string& name, std::uint64_t lsn) {
    ReceiverFact receiver = ReceiverAt(lsn, static_cast<double>(lsn));
    receiver.application_name = name;
    return StandbyAt(lsn).Host("host-of-" + name).Receives(receiver);
  }

  void ExpectRpo(const RpoView& rpo, bool known, double bytes, double seconds) {
    EXPECT_EQ(rpo.known, known);
    ASSERT_TRUE(rpo.bytes && rpo.seconds);
    EXPECT_EQ(*rpo.bytes, bytes);
    EXPECT_NEAR(*rpo.seconds, seconds, 1);
  }
  RpoView Standbys() { return cluster_.View().rpo_standby; }
  RpoView Anybody() { return cluster_.View().rpo_any; }

  std::string Of(const std::string& name) {
    const auto candidacy = cluster_.Server(name).candidacy;
    return candidacy ? std::string(kCandidacies[static_cast<std::size_t>(*candidacy)]) : "";
  }

  WatchedCluster cluster_;
  std::uint64_t lsn_ = 1000;
  std::vector<Sender> others_;
  std::string sync_;
};

TEST_F(OutlookTest, NobodyReceives) {
  Pulse({});
  EXPECT_FALSE(Standbys().known);
  EXPECT_FALSE(Standbys().bytes || Standbys().seconds);
}

TEST_F(OutlookTest, NothingWouldBeLost) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  ExpectRpo(Standbys(), true, 0, 0);
}

TEST_F(OutlookTest, TheBestStandbyCounts) {
  for (int second = 0; second < 10; ++second) Pulse({{"s1", 1100}, {"s2", 1050}});
  ExpectRpo(Standbys(), true, 900, 9);
}

TEST_F(OutlookTest, AStandbyThatIsGoneStillHasWhatItHad) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  for (int second = 0; second < 10; ++second) Pulse({});
  ExpectRpo(Standbys(), true, 1000, 10);
}

TEST_F(OutlookTest, AStandbyOfAnotherSystemHasNothingOfIt) {
  Pulse({{"s1", 1000}});
  cluster_.See("s2", Standby("s2", 99999).System("another"));
  Pulse({{"s1", 1000}});
  ExpectRpo(Standbys(), true, 200, 2);
}

TEST_F(OutlookTest, OncePrimaryIsGoneTheLastLossStands) {
  for (int second = 0; second < 10; ++second) Pulse({{"s1", 1100}});
  cluster_.Lose("p", UpReason::kRefused);
  cluster_.now += 10min;
  cluster_.See("s1", Standby("s1", 1100));
  ExpectRpo(Standbys(), false, 900, 9);
}

TEST_F(OutlookTest, AReceivewalCountsInScopeAnyAlone) {
  others_.push_back({.kind = SenderKind::kReceivewal,
                     .application_name = "barman",
                     .state = "streaming",
                     .written = Lsn{1500}});
  for (int second = 0; second < 10; ++second) Pulse({{"s1", 1100}});
  ExpectRpo(Standbys(), true, 900, 9);
  ExpectRpo(Anybody(), true, 500, 5);
}

TEST_F(OutlookTest, TheCandidateHasMostWal) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  EXPECT_EQ(Of("s1"), "best");
  EXPECT_EQ(Of("s2"), "behind");
  EXPECT_EQ(Of("p"), "") << "it leads already";
}

TEST_F(OutlookTest, TheCandidateStaysForAFewBytes) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  Pulse({{"s1", 1150}, {"s2", 1200}});
  EXPECT_EQ(Of("s1"), "best");
  Pulse({{"s1", 1150}, {"s2", 1200 + (16 << 20)}});
  EXPECT_EQ(Of("s2"), "best");
}

TEST_F(OutlookTest, ASynchronousStandbyIsChosenFirst) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  sync_ = "s2";
  Pulse({{"s1", 1100}, {"s2", 1050}});
  EXPECT_EQ(Of("s2"), "best");
}

TEST_F(OutlookTest, ACascadedStandbyIsChosenLast) {
  WatchedCluster cluster{OptionsFor({"p", "cascaded", "relay"})};
  for (int second = 0; second < 3; ++second) {
    cluster.now += kPulse;
    cluster.See("cascaded", Standby("cascaded", 1000));
    cluster.See("relay", Standby("relay", 1000).Senders({SenderOf("cascaded", 1000)}));
    cluster.See("p", Primary(1000, 1).Senders({SenderOf("relay", 1000)}));
  }
  EXPECT_EQ(cluster.Server("relay").candidacy, Candidacy::kBest);
  EXPECT_EQ(cluster.Server("cascaded").candidacy, Candidacy::kBehind);
}

TEST_F(OutlookTest, OncePrimaryIsGoneEachByteCounts) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  Pulse({{"s1", 1150}, {"s2", 1200}});
  cluster_.now += kFresh + kPulse;
  cluster_.Lose("p", UpReason::kRefused);
  cluster_.See("s1", Standby("s1", 1150));
  cluster_.See("s2", Standby("s2", 1200));
  EXPECT_EQ(Of("s2"), "best");
}

TEST_F(OutlookTest, WhoCannotLeadSaysWhy) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  cluster_.See("s1", Standby("s1", 1100).Paused());
  EXPECT_EQ(Of("s1"), "paused");
  EXPECT_EQ(Of("s2"), "best");
  cluster_.See("s2", Standby("s2", 1050).ApplyDelay(60));
  EXPECT_EQ(Of("s2"), "delayed");
  cluster_.Lose("s1", UpReason::kTimeout);
  EXPECT_EQ(Of("s1"), "down");
}

ClusterOptions WithAReportingStandby() {
  ClusterOptions options = OptionsFor({"p", "s1", "s2"});
  options.servers[1].may_lead = false;
  return options;
}

class PurposeTest : public OutlookTest {
 protected:
  PurposeTest() : OutlookTest(WithAReportingStandby()) {}
};

TEST_F(PurposeTest, AReportingStandbyIsNotChosen) {
  Pulse({{"s1", 1100}, {"s2", 1050}});
  EXPECT_EQ(Of("s1"), "purpose");
  EXPECT_EQ(Of("s2"), "best");
}

/// s1 was promoted at 1100 while p lives on.
class SplitBrainTest : public OutlookTest {
 protected:
  void SetUp() override {
    for (int second = 0; second < 3; ++second) Pulse({{"s1", lsn_ + 100}, {"s2", lsn_ + 100}});
    fork_ = lsn_;
    cluster_.now += kPulse;
    cluster_.See("s1", Primary(fork_ + 50, 1).Host("host-of-s1").OnTimeline(2).ForkedAt(fork_));
    Pulse({{"s2", fork_ + 100}});
  }

  std::uint64_t fork_ = 0;
};

TEST_F(SplitBrainTest, WhoHasWalThatTheNewTimelineLacksHasDiverged) {
  EXPECT_EQ(cluster_.View().primaries, 2);
  EXPECT_EQ(cluster_.Server("p").diverged, true);
  EXPECT_EQ(cluster_.Server("s2").diverged, true);
  EXPECT_EQ(cluster_.Server("s1").diverged, false);
  EXPECT_EQ(Of("s2"), "diverged");
}

// After p is gone for good: s2 follows s1 by an archive, or without rights to show its receiver. Its
// control file still names the old timeline.
TEST_F(SplitBrainTest, AnOldTimelineInTheControlFileProvesNothing) {
  WatchedCluster cluster{OptionsFor({"s1", "s2"})};
  for (int second = 0; second < 10; ++second) {
    cluster.now += kPulse;
    const std::uint64_t lsn = 2000 + 100 * static_cast<std::uint64_t>(second);
    cluster.See("s1", Primary(lsn, second).OnTimeline(2).ForkedAt(1000));
    cluster.See("s2", StandbyAt(lsn).Host("host-of-s2").OnTimeline(1));
  }
  EXPECT_EQ(cluster.Server("s2").diverged, std::nullopt);
  EXPECT_NE(cluster.Lag("s2").cause, LagCause::kTimelineDiverged);
  EXPECT_FALSE(cluster.Lag("s2").known) << "nor that it follows";
}

// The old primary came back as a standby. What it wrote last alone nobody saw but its control file.
TEST_F(SplitBrainTest, ACheckpointPastTheForkOnTheOldTimelineDoes) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  const auto pulse = [&](const SnapshotBuilder& p, const SnapshotBuilder& s1) {
    cluster.now += kPulse;
    cluster.See("p", p);
    cluster.See("s1", s1);
  };
  pulse(Primary(1000, 1), StandbyAt(1000).Receives(ReceiverAt(1000, 1)));
  cluster.Lose("p", UpReason::kRefused);
  const SnapshotBuilder s1 = Primary(1100, 2).Host("host-of-s1").OnTimeline(2).ForkedAt(1000);
  for (const std::uint64_t told : {900U, 1000U}) {
    pulse(StandbyAt(1080).OnTimeline(1, told), s1);
    EXPECT_EQ(cluster.Server("p").diverged, std::nullopt) << told;
  }
  pulse(StandbyAt(1080).OnTimeline(1, 1001), s1);
  EXPECT_EQ(cluster.Server("p").diverged, true);
  EXPECT_EQ(cluster.Lag("p").cause, LagCause::kTimelineDiverged);
  pulse(StandbyAt(1090).OnTimeline(2, 1085), s1);
  EXPECT_EQ(cluster.Server("p").diverged, false) << "rewound, or made anew";
}

TEST_F(SplitBrainTest, WhatItsReceiverSaidDoes) {
  cluster_.now += kPulse;
  cluster_.Lose("p", UpReason::kRefused);
  cluster_.See("s2", StandbyAt(fork_ + 100).Host("host-of-s2"));
  EXPECT_EQ(cluster_.Server("s2").diverged, true);
}

TEST_F(SplitBrainTest, AStandbyIsMeasuredAgainstItsOwnPrimary) {
  EXPECT_LT(cluster_.Lag("s2").seconds, 1);
  EXPECT_EQ(cluster_.Lag("s2").cause, LagCause::kNone);
}

}  // namespace
}  // namespace pgrepl::cluster
