// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/evaluation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

SnapshotBuilder Streaming(std::uint64_t lsn, double message = 1) {
  return StandbyAt(lsn).Receives(ReceiverAt(lsn, message));
}

class PrimariesTest : public testing::Test {
 protected:
  [[nodiscard]] int Primaries() const { return cluster_.View().primaries; }

  /// s1 streams from p, seen by both.
  void SeeBoth() {
    cluster_.now += kPulse;
    cluster_.See("p", Primary(1000, 1).Senders({SenderOf("walreceiver", 1000)}));
    cluster_.See("s1", Streaming(1000));
  }

  WatchedCluster cluster_{OptionsFor({"p", "s1"})};
};

TEST_F(PrimariesTest, NoneBeforeOneWasSeen) { EXPECT_EQ(Primaries(), 0); }

TEST_F(PrimariesTest, OneThatAnswers) {
  SeeBoth();
  EXPECT_EQ(Primaries(), 1);
}

TEST_F(PrimariesTest, OneThatAnswersCountsWithoutItsPosition) {
  cluster_.See("p", Primary(1000, 1).Without(CollectorId::kLag));
  EXPECT_EQ(Primaries(), 1);
}

TEST_F(PrimariesTest, TheSameServerByTwoAddressesIsOne) {
  cluster_.See("p", Primary(1000, 1).StartedAt(5));
  cluster_.See("s1", Primary(1000, 1).Host("10.0.0.9").StartedAt(5));
  EXPECT_EQ(Primaries(), 1);
}

TEST_F(PrimariesTest, TwoServersOfOneClusterAreTwo) {
  cluster_.See("p", Primary(1000, 1).StartedAt(5));
  cluster_.See("s1", Primary(1000, 1).StartedAt(6));
  EXPECT_EQ(Primaries(), 2);
}

TEST_F(PrimariesTest, ServersThatHideWhoTheyAreAreCountedEach) {
  cluster_.See("p", Primary(1000, 1).Without(CollectorId::kServer));
  cluster_.See("s1", Primary(1000, 1).Without(CollectorId::kServer));
  EXPECT_EQ(Primaries(), 2);
}

TEST_F(PrimariesTest, ALastKnownRoleDoesNotCount) {
  SeeBoth();
  cluster_.now += kPulse;
  cluster_.See("s1", StandbyAt(1000));
  cluster_.Lose("p", UpReason::kRefused);
  EXPECT_EQ(Primaries(), 0);
}

TEST_F(PrimariesTest, OneThatOnlyWeCantReachCounts) {
  SeeBoth();
  for (const UpReason reason : {UpReason::kTimeout, UpReason::kRefused, UpReason::kAuth}) {
    cluster_.Lose("p", reason);
    EXPECT_EQ(Primaries(), 1) << Name(reason);
  }
}

TEST_F(PrimariesTest, AReceiverThatStreamsFromElsewhereSaysNothing) {
  SeeBoth();
  cluster_.Lose("p", UpReason::kRefused);
  ReceiverFact elsewhere = ReceiverAt(1000, 2);
  elsewhere.sender_host = "10.0.0.77";
  cluster_.now += kPulse;
  cluster_.See("s1", StandbyAt(1000).Receives(elsewhere));
  EXPECT_EQ(Primaries(), 0);
}

TEST_F(PrimariesTest, APromotedServersOldReceiverSaysNothing) {
  SeeBoth();
  cluster_.Lose("p", UpReason::kRefused);
  cluster_.now += kPulse;
  cluster_.See("s1", Primary(1100, 2).OnTimeline(2).ForkedAt(1000));
  EXPECT_EQ(Primaries(), 1);
}

/// p wrote 100 bytes and a transaction each second up to 10 s; s1 and s2 keep up.
class EvaluationTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int second = 1; second <= 10; ++second) Pulse(100);
  }

  void Pulse(std::uint64_t written) {
    cluster_.now += kPulse;
    lsn_ += written;
    ++message_;
    cluster_.See("p", Primary(lsn_, static_cast<std::int64_t>(lsn_)).Senders(Rows()));
    cluster_.See("s1", Streaming(lsn_, message_));
    cluster_.See("s2", Streaming(lsn_, message_).Host("10.0.0.3"));
  }

  [[nodiscard]] std::vector<Sender> Rows() const {
    Sender s1 = SenderOf("walreceiver", lsn_);
    Sender s2 = SenderOf("walreceiver", lsn_);
    s2.client_addr = "10.0.0.3";
    return {s1, s2};
  }

  void ExpectUnknown(const std::string& server, double at_least) const {
    const LagView lag = cluster_.Lag(server);
    EXPECT_FALSE(lag.known);
    EXPECT_EQ(lag.bound, LagBound::kAtLeast);
    EXPECT_EQ(lag.source, LagSource::kNone);
    EXPECT_NEAR(lag.seconds, at_least, 1e-3);
  }

  WatchedCluster cluster_{OptionsFor({"p", "s1", "s2"})};
  std::uint64_t lsn_ = 1000;
  double message_ = 0;
};

TEST_F(EvaluationTest, NobodyKnowsWhatAnUnreachablePrimaryWrites) {
  cluster_.Lose("p", UpReason::kTimeout);
  for (int second = 1; second <= 60; ++second) {
    cluster_.now += kPulse;
    cluster_.See("s1", StandbyAt(lsn_));
    cluster_.See("s2", StandbyAt(lsn_));
    ExpectUnknown("s1", second);
  }
}

TEST_F(EvaluationTest, APrimaryThatRefusesWroteNothingMore) {
  for (const UpReason reason : {UpReason::kRefused, UpReason::kShuttingDown, UpReason::kStarting}) {
    cluster_.Lose("p", reason);
    cluster_.now += 60s;
    cluster_.See("s1", StandbyAt(lsn_));
    cluster_.See("s2", StandbyAt(lsn_));
    EXPECT_EQ(cluster_.Lag("s1").seconds, 0) << Name(reason);
    EXPECT_FALSE(cluster_.Lag("s1").known) << Name(reason);
    EXPECT_EQ(cluster_.Lag("s1").bound, LagBound::kAtLeast) << Name(reason);
  }
}

TEST_F(EvaluationTest, AReceiversWordIsAsOldAsItsLastMessage) {
  cluster_.Lose("p", UpReason::kTimeout);
  for (int second = 1; second <= 60; ++second) {
    cluster_.now += kPulse;
    cluster_.See("s1", Streaming(lsn_, message_));
    cluster_.See("s2", Streaming(lsn_, message_).Host("10.0.0.3"));
    if (second > 35) {
      ExpectUnknown("s1", second);
    } else {
      EXPECT_EQ(cluster_.Lag("s1").seconds, 0) << "an idle link is as silent after " << second;
    }
  }
}

TEST_F(EvaluationTest, AReceiverOfARelayDoesNotVouch) {
  WatchedCluster cluster{OptionsFor({"p", "relay", "s2"})};
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.sender_host = "10.0.0.2";
  receiver.application_name = "below";
  const auto below = [&] { return StandbyAt(1000).Host("10.0.0.3").Receives(receiver); };
  cluster.now += kPulse;
  cluster.See("p", Primary(1000, 1));
  cluster.See("s2", below());
  cluster.See("relay", StandbyAt(1000).Senders({SenderOf("below", 1000)}));
  cluster.Lose("p", UpReason::kTimeout);
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    receiver.message_sent = second;
    cluster.See("relay", StandbyAt(1000).Senders({SenderOf("below", 1000)}));
    cluster.See("s2", below());
  }
  EXPECT_FALSE(cluster.Lag("s2").known);
  EXPECT_NEAR(cluster.Lag("s2").seconds, 10, 1e-3);
}

TEST_F(EvaluationTest, APrimaryWithoutItsPositionIsReplacedByReceivers) {
  for (int second = 1; second <= 10; ++second) {
    cluster_.now += kPulse;
    lsn_ += 100;
    cluster_.See("p", Primary(lsn_, 1).Senders(Rows()).Without(CollectorId::kLag));
    cluster_.See("s1", Streaming(lsn_, ++message_));
    cluster_.See("s2", StandbyAt(2000).Host("10.0.0.3"));
  }
  EXPECT_EQ(cluster_.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster_.Lag("s1").known);
  EXPECT_EQ(cluster_.Lag("s1").source, LagSource::kReceiver);
  EXPECT_NEAR(cluster_.Lag("s2").seconds, 10, 1);
}

TEST_F(EvaluationTest, AStandbyThatIsAlwaysAMomentBehindIsCaughtUpAllTheSame) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  std::uint64_t lsn = 10'000;
  for (int second = 1; second <= 100; ++second) {
    cluster.now += kPulse;
    lsn += 1000;
    cluster.See("p", Primary(lsn, second));
    cluster.See("s1", StandbyAt(lsn - 50));
  }
  EXPECT_NEAR(cluster.Lag("s1").seconds, 0.05, 1e-6);
  EXPECT_TRUE(cluster.Lag("s1").caught_up_once);
  cluster.Lose("p", UpReason::kTimeout);
  cluster.now += 60s;
  cluster.See("s1", StandbyAt(lsn));
  EXPECT_NEAR(cluster.Lag("s1").seconds, 60, 0.1) << "not since the beginning";
}

// The last transaction, a cut and a checkpoint within one pulse: by LSN alone it would lag for ever.
TEST_F(EvaluationTest, AStandbyThatShowsThePrimarysSnapshotLacksNothing) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  for (const std::uint64_t lsn : {1000U, 1300U}) {
    cluster.now += kPulse;
    cluster.See("p", Primary(lsn, static_cast<std::int64_t>(lsn)));
    cluster.See("s1", StandbyAt(1000).Transactions(1000));
  }
  cluster.See("s1", StandbyAt(1100).Transactions(1300));
  cluster.now += 10min;
  cluster.See("p", Primary(1300, 1300));
  cluster.See("s1", StandbyAt(1100).Transactions(1300));
  EXPECT_EQ(cluster.Lag("s1").seconds, 0);
  EXPECT_TRUE(cluster.Lag("s1").known);
  cluster.See("s1", StandbyAt(1100).Transactions(1299));
  EXPECT_NEAR(cluster.Lag("s1").seconds, 600, 2) << "by LSN it lacks one";
}

TEST_F(EvaluationTest, WhileNobodyAnswersItIsTheExporterThatIsLate) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  std::uint64_t lsn = 1000;
  for (int second = 0; second < 10; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(lsn += 100, second));
    cluster.See("s1", StandbyAt(lsn - 50));
  }
  const double healthy = cluster.Lag("s1").seconds;
  cluster.now += 2900ms;
  EXPECT_LT(cluster.Lag("s1").seconds, healthy + 0.1);
  cluster.now += 200ms;
  EXPECT_NEAR(cluster.Lag("s1").seconds, healthy + 3.1, 0.1) << "past the deadline";
}

TEST_F(EvaluationTest, OneThatAloneDoesNotAnswerIsOverdueSoon) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  std::uint64_t lsn = 1000;
  for (int second = 0; second < 10; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(lsn += 100, second));
    cluster.See("s1", StandbyAt(lsn - 50));
  }
  cluster.now += kPulse;
  cluster.See("p", Primary(lsn + 100, 10));
  cluster.now += 300ms;
  EXPECT_GT(cluster.Lag("s1").seconds, 1.2);
}

TEST_F(EvaluationTest, AServerOfAnotherSystemIsMeasuredAgainstNobody) {
  WatchedCluster cluster{OptionsFor({"p", "foreign"})};
  for (int second = 1; second <= 10; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(1000, 1));
    cluster.See("foreign", Streaming(9'000'000, second).System("8000"));
  }
  const LagView lag = cluster.Lag("foreign");
  EXPECT_EQ(lag.seconds, 10);
  EXPECT_FALSE(lag.known);
  EXPECT_EQ(lag.bound, LagBound::kAtLeast);
  EXPECT_FALSE(lag.bytes.total);
}

// A cascaded standby may be the first that answers, with what its relay was told long ago.
TEST_F(EvaluationTest, ARelaysReceiverDoesNotSpeakBeforeItIsKnownForOne) {
  WatchedCluster cluster{OptionsFor({"p", "s2", "s3"})};
  ReceiverFact of_relay = ReceiverAt(1000, 1);
  of_relay.sender_host = "10.0.0.2";
  of_relay.application_name = "s3";
  Sender s3 = SenderOf("s3", 1000);
  s3.client_addr = "10.0.0.3";
  for (int second = 0; second < 10; ++second) {
    cluster.now += kPulse;
    cluster.See("s3", StandbyAt(1000).Host("10.0.0.3").Receives(of_relay));
    cluster.See("s2", StandbyAt(1000).Senders({s3}));
    cluster.See("p", Primary(9000 + static_cast<std::uint64_t>(second), second));
    EXPECT_FALSE(cluster.Lag("s2").known) << "it lagged before we watched, second " << second;
  }
}

TEST_F(EvaluationTest, AMessageThatWasThereBeforeVouchesForItsOwnTime) {
  WatchedCluster cluster{OptionsFor({"s1"})};
  ReceiverFact receiver = ReceiverAt(1000, 1);
  receiver.message_age = 50;
  cluster.now += kPulse;
  cluster.See("s1", StandbyAt(1000).Receives(receiver));
  EXPECT_FALSE(cluster.Lag("s1").known)
      << "nothing has come for longer than an idle link is silent";
  receiver.message_age = 10;
  WatchedCluster another{OptionsFor({"s1"})};
  another.now += kPulse;
  another.See("s1", StandbyAt(1000).Receives(receiver));
  EXPECT_TRUE(another.Lag("s1").known);
}

TEST_F(EvaluationTest, AServerOfAnotherSystemDoesNotVouch) {
  cluster_.Lose("p", UpReason::kTimeout);
  for (int second = 1; second <= 60; ++second) {
    cluster_.now += kPulse;
    cluster_.See("s1", StandbyAt(lsn_));
    cluster_.See("s2", Streaming(5000, ++message_).System("8000"));
    ExpectUnknown("s1", second);
  }
}

TEST_F(EvaluationTest, AStandbyWhoseSystemIsHiddenIsMeasured) {
  WatchedCluster cluster{OptionsFor({"p", "s1"})};
  cluster.See("p", Primary(1000, 1));
  cluster.See("s1", Streaming(1000).Without(CollectorId::kServer));
  EXPECT_TRUE(cluster.Lag("s1").known);
}

}  // namespace
}  // namespace pgrepl::cluster
