// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/diagnosis.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "collectors/recovery.h"
#include "collectors/settings.h"
#include "collectors/wal.h"
#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

/// p writes 100 bytes and a transaction each second. s1 had kept up for 10 s when it stopped.
class DiagnosisTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int second = 1; second <= 10; ++second) {
      row_.sent = row_.written = row_.flushed = row_.replayed = Lsn{lsn_ + 100};
      Pulse(StandbyWith(lsn_ + 100));
    }
    stopped_at_ = lsn_;
  }

  /// s1 has replayed up to `lsn`, and streams with a message of this second.
  SnapshotBuilder StandbyWith(std::uint64_t lsn) {
    ReceiverFact receiver = ReceiverAt(lsn, ++message_);
    receiver.slot_name = receiver.slot_setting = "s1";
    return StandbyAt(lsn).Receives(receiver);
  }
  /// s1 where it stopped, without a receiver.
  SnapshotBuilder Cut() {
    ReceiverFact receiver;
    receiver.conninfo_set = true;
    receiver.slot_setting = "s1";
    return StandbyAt(stopped_at_).Receives(receiver);
  }

  void Pulse(const SnapshotBuilder& standby, bool connected = true) {
    cluster_.now += kPulse;
    lsn_ += 100;
    std::vector<Sender> rows;
    if (connected) rows.push_back(row_);
    for (Sender& row : rows) row.current = Lsn{lsn_};
    primary_ = Primary(lsn_, static_cast<std::int64_t>(lsn_));
    for (const auto& tell : primary_tells_) tell(primary_);
    cluster_.See("p", primary_.Senders(rows));
    cluster_.See("s1", standby);
  }

  /// Twelve seconds of it, in the last seven of which the cause must stand.
  void ExpectCause(LagCause cause, const std::function<SnapshotBuilder()>& standby,
                   bool connected) {
    for (int second = 1; second <= 12; ++second) {
      Pulse(standby(), connected);
      if (second < 5) continue;
      EXPECT_EQ(Name(Lag().cause), Name(cause)) << "after " << second << " s";
    }
  }

  [[nodiscard]] LagView Lag() const { return cluster_.Lag("s1"); }
  static std::string_view Name(LagCause cause) {
    return kLagCauses[static_cast<std::size_t>(cause)];
  }

  static Sender RowOf() {
    Sender row = SenderOf("walreceiver", 1000);
    row.slot_name = "s1";
    return row;
  }

  WatchedCluster cluster_{OptionsFor({"p", "s1"})};
  std::uint64_t lsn_ = 1000, stopped_at_ = 0;
  double message_ = 0;
  Sender row_ = RowOf();
  SnapshotBuilder primary_ = Primary(0, 0);
  std::vector<std::function<void(SnapshotBuilder&)>> primary_tells_;
};

TEST_F(DiagnosisTest, HealthHasNone) {
  EXPECT_EQ(Lag().cause, LagCause::kNone);
  EXPECT_EQ(Lag().evidence.upstream, "p");
}

TEST_F(DiagnosisTest, AReceiverThatIsGone) {
  ExpectCause(
      LagCause::kReceiverDown, [&] { return Cut(); }, false);
}

// Not that the link is down: only what is seen is blamed.
TEST_F(DiagnosisTest, AReceiverThatIsHiddenIsNotBlamed) {
  const auto hidden = [&] {
    ReceiverFact receiver;
    receiver.present = receiver.hidden = true;
    return StandbyAt(stopped_at_).Receives(receiver);
  };
  primary_tells_.emplace_back(
      [](SnapshotBuilder& primary) { primary.Without(CollectorId::kSenders); });
  ExpectCause(LagCause::kUnknown, hidden, false);
}

TEST_F(DiagnosisTest, ABacklogKeepsTheReceiverAway) {
  ExpectCause(
      LagCause::kReplayBacklog, [&] { return Cut().Received(stopped_at_ + 50); }, false);
}

// The last that came ends in the middle of a record.
TEST_F(DiagnosisTest, WhatReplayCannotUseIsNoBacklog) {
  const RecoveryFact retries{.startup_seen = true,
                             .wait_event_type = "Timeout",
                             .wait_event = "RecoveryRetrieveRetryInterval",
                             .oldest_transaction = {}};
  ExpectCause(
      LagCause::kReceiverDown,
      [&] { return Cut().Received(stopped_at_ + 50).Tells(CollectorId::kRecovery, retries); },
      false);
}

TEST_F(DiagnosisTest, ASessionThatReplayWaitsFor) {
  const RecoveryFact conflict{.startup_seen = true,
                              .wait_event_type = "IPC",
                              .wait_event = "RecoveryConflictSnapshot",
                              .oldest_transaction = 300};
  ExpectCause(
      LagCause::kRecoveryConflict,
      [&] {
        return StandbyWith(stopped_at_).Received(lsn_).Tells(CollectorId::kRecovery, conflict);
      },
      true);
  EXPECT_EQ(Lag().evidence.wait_event, "RecoveryConflictSnapshot");
  EXPECT_EQ(Lag().evidence.oldest_transaction, 300);
}

TEST_F(DiagnosisTest, ALockIsAConflictToo) {
  const RecoveryFact lock{
      .startup_seen = true, .wait_event_type = "Lock", .wait_event = "relation"};
  ExpectCause(
      LagCause::kRecoveryConflict,
      [&] { return StandbyWith(stopped_at_).Received(lsn_).Tells(CollectorId::kRecovery, lock); },
      true);
}

TEST_F(DiagnosisTest, PostgreSQL12ShowsNoWaitInAConflict) {
  const auto standby = [&](double oldest_transaction) {
    const RecoveryFact silent{.startup_seen = true, .oldest_transaction = oldest_transaction};
    return StandbyWith(stopped_at_).Version(120022).Tells(CollectorId::kRecovery, silent);
  };
  ExpectCause(
      LagCause::kRecoveryConflict, [&] { return standby(300); }, true);
  ExpectCause(
      LagCause::kNetwork, [&] { return standby(1); }, true);
}

TEST_F(DiagnosisTest, AWaitWhileReplayMovesIsNoConflict) {
  const RecoveryFact lock{
      .startup_seen = true, .wait_event_type = "Lock", .wait_event = "relation"};
  std::uint64_t replayed = stopped_at_;
  ExpectCause(
      LagCause::kNetwork,
      [&] { return StandbyWith(replayed += 10).Tells(CollectorId::kRecovery, lock); }, true);
}

TEST_F(DiagnosisTest, ALostSlot) {
  primary_tells_.push_back([](SnapshotBuilder& told) {
    told.Tells(CollectorId::kSlots,
               SlotsFact{{{.name = "s2", .type = "physical", .wal_status = "reserved"},
                          {.name = "s1", .type = "physical", .wal_status = "lost"}}});
  });
  ExpectCause(
      LagCause::kSlotLost, [&] { return Cut(); }, false);
  EXPECT_EQ(Lag().evidence.slot_name, "s1");
}

TEST_F(DiagnosisTest, TheLostSlotOfAnotherStandby) {
  primary_tells_.push_back([](SnapshotBuilder& told) {
    told.Tells(CollectorId::kSlots, SlotsFact{{{.name = "s2", .wal_status = "lost"}}});
  });
  ExpectCause(
      LagCause::kReceiverDown, [&] { return Cut(); }, false);
}

TEST_F(DiagnosisTest, WalThatItNeedsIsGone) {
  primary_tells_.push_back([this](SnapshotBuilder& told) {
    told.Tells(CollectorId::kWal, WalFact{.oldest = Lsn{stopped_at_ + 1}});
  });
  ExpectCause(
      LagCause::kWalRemoved, [&] { return Cut(); }, false);
  EXPECT_EQ(Lag().evidence.wal_margin, -1);
  EXPECT_EQ(cluster_.Server("s1").wal_margin_bytes, -1);
}

TEST_F(DiagnosisTest, WalThatItNeedsIsThere) {
  primary_tells_.push_back([this](SnapshotBuilder& told) {
    told.Tells(CollectorId::kWal, WalFact{.oldest = Lsn{stopped_at_}});
  });
  ExpectCause(
      LagCause::kReceiverDown, [&] { return Cut(); }, false);
}

TEST_F(DiagnosisTest, SettingsBelowThePrimarysPauseIt) {
  const SettingsFact low{{100, 8, 10, 0, 64}};
  primary_tells_.push_back([](SnapshotBuilder& told) {
    told.Tells(CollectorId::kSettings, SettingsFact{{200, 8, 10, 0, 64}});
  });
  ExpectCause(
      LagCause::kSettingsTooLow,
      [&] { return StandbyWith(stopped_at_).Paused().Tells(CollectorId::kSettings, low); }, true);
  EXPECT_EQ(Lag().evidence.settings_too_low, std::vector<std::string_view>{"max_connections"});
}

TEST_F(DiagnosisTest, APauseOfOnesOwn) {
  const SettingsFact same{{100, 8, 10, 0, 64}};
  primary_tells_.push_back(
      [same](SnapshotBuilder& told) { told.Tells(CollectorId::kSettings, same); });
  ExpectCause(
      LagCause::kReplayPaused,
      [&] { return StandbyWith(stopped_at_).Paused().Tells(CollectorId::kSettings, same); }, true);
}

TEST_F(DiagnosisTest, AFrozenReceiverStillSaysStreaming) {
  const double last = message_;
  ExpectCause(
      LagCause::kConnectionStalled,
      [&] {
        message_ = last - 1;
        return StandbyWith(stopped_at_);
      },
      true);
  EXPECT_NEAR(Lag().evidence.silent_seconds.value(), 12, 1);
}

TEST_F(DiagnosisTest, WhereTheBytesWaitOnALinkThatWorks) {
  row_.written = row_.flushed = row_.replayed = Lsn{stopped_at_ - 10};
  ExpectCause(
      LagCause::kNetwork, [&] { return StandbyWith(stopped_at_); }, true);
}

TEST_F(DiagnosisTest, WhyWalWaitsToBeSent) {
  row_.wait_event = "WALRead";
  ExpectCause(
      LagCause::kSenderSlow, [&] { return StandbyWith(stopped_at_); }, true);
}

TEST_F(DiagnosisTest, AReceiverThatIsAtItsDisk) {
  ReceiverFact receiver = ReceiverAt(stopped_at_, 0);
  receiver.slot_name = receiver.slot_setting = "s1";
  receiver.written = Lsn{stopped_at_ + 50};
  receiver.flushed = Lsn{stopped_at_};
  ExpectCause(
      LagCause::kStandbyDisk,
      [&] {
        receiver.message_sent = receiver.message_received = ++message_;
        return StandbyAt(stopped_at_).Receives(receiver);
      },
      true);
}

TEST_F(DiagnosisTest, AStandbyAloneTellsItsOwnStages) {
  WatchedCluster cluster{OptionsFor({"s1"})};
  const auto see = [&](std::uint64_t replayed) {
    cluster.now += kPulse;
    lsn_ += 100;
    ReceiverFact receiver = ReceiverAt(lsn_, ++message_);
    receiver.written = receiver.flushed = Lsn{lsn_};
    cluster.See("s1", StandbyAt(replayed).Received(lsn_).Receives(receiver));
  };
  for (int second = 0; second < 10; ++second) see(lsn_ + 100);
  EXPECT_EQ(Name(cluster.Lag("s1").cause), "none");
  const std::uint64_t stopped_at = lsn_;
  for (int second = 0; second < 6; ++second) see(stopped_at);
  EXPECT_EQ(Name(cluster.Lag("s1").cause), "replay_slow");
  EXPECT_EQ(cluster.Lag("s1").bytes.replay, 600);
  EXPECT_EQ(cluster.Lag("s1").bytes.write, 0);
}

TEST_F(DiagnosisTest, AStandbyOfAStandbyAloneKnowsNothingOfThePrimary) {
  ClusterOptions options = OptionsFor({"s3"});
  options.servers[0].upstream_is_primary = false;
  WatchedCluster cluster{options};
  for (int second = 0; second < 10; ++second) {
    cluster.now += kPulse;
    lsn_ += 100;
    cluster.See("s3", StandbyAt(lsn_).Received(lsn_).Receives(ReceiverAt(lsn_, ++message_)));
  }
  EXPECT_EQ(cluster.Lag("s3").seconds, 0);
  EXPECT_FALSE(cluster.Lag("s3").known);
  EXPECT_EQ(cluster.Lag("s3").bound, LagBound::kAtLeast);
}

TEST_F(DiagnosisTest, CatchingUp) {
  row_.state = "catchup";
  ExpectCause(
      LagCause::kCatchingUp, [&] { return StandbyWith(stopped_at_); }, true);
}

TEST_F(DiagnosisTest, AnotherSystemIsNotOfTheCluster) {
  WatchedCluster cluster{OptionsFor({"p", "s1", "stranger"})};
  for (int second = 0; second < 5; ++second) {
    cluster.now += kPulse;
    cluster.See("p", Primary(1000, 1));
    cluster.See("s1", StandbyAt(1000));
    cluster.See("stranger", StandbyAt(900).System("9999").Host("10.0.0.9"));
  }
  EXPECT_EQ(Name(cluster.Lag("stranger").cause), "different_system");
  EXPECT_FALSE(cluster.Lag("stranger").known);
  EXPECT_EQ(cluster.Server("stranger").candidacy, Candidacy::kDifferentSystem);
}

TEST_F(DiagnosisTest, AStrangerThatIsConfiguredFirstIsTheStranger) {
  WatchedCluster cluster{OptionsFor({"stranger", "p", "s1"})};
  for (int second = 0; second < 5; ++second) {
    cluster.now += kPulse;
    cluster.See("stranger", StandbyAt(900).System("9999").Host("10.0.0.9"));
    cluster.See("p", Primary(1000, 1));
    cluster.See("s1", StandbyAt(1000));
  }
  EXPECT_EQ(Name(cluster.Lag("stranger").cause), "different_system");
  EXPECT_EQ(Name(cluster.Lag("s1").cause), "none");
}

TEST_F(DiagnosisTest, WhatNobodySeesIsNotDown) {
  cluster_.Lose("p", UpReason::kTimeout);
  cluster_.Lose("s1", UpReason::kTimeout);
  cluster_.now += 30s;
  EXPECT_GT(Lag().seconds, 29);
  EXPECT_FALSE(Lag().known);
  EXPECT_EQ(Name(Lag().cause), "unknown");
}

TEST_F(DiagnosisTest, OneThatIsNotAskedIsToldByItsUpstream) {
  WatchedCluster cluster{OptionsFor({"p"})};
  Sender row = SenderOf("s1", 1000);
  std::uint64_t lsn = 1000;
  for (int second = 0; second < 10; ++second, lsn += 100) {
    cluster.now += kPulse;
    row.reply_time = second;
    row.replayed = row.flushed = row.written = row.sent = row.current = Lsn{lsn};
    cluster.See("p", Primary(lsn, static_cast<std::int64_t>(lsn)).Senders({row}));
  }
  EXPECT_EQ(Name(cluster.Lag("s1").cause), "none");
  for (int second = 0; second < 5; ++second, lsn += 100) {
    cluster.now += kPulse;
    cluster.See("p", Primary(lsn, static_cast<std::int64_t>(lsn)).Senders({}));
  }
  EXPECT_EQ(Name(cluster.Lag("s1").cause), "receiver_down");
}

}  // namespace
}  // namespace pgrepl::cluster
