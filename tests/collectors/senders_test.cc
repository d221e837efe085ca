// SPDX-License-Identifier: Apache-2.0
#include "collectors/senders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;
using Value = RowsBuilder::Value;

// A row of the statement, of which a test names what it is about.
struct SenderRow {
  Value application_name = "s1";
  Value state = "streaming";
  Value slot_name = kNull, slot_type = kNull, temporary = kNull;
  Value sent = "0/3000060", written = "0/3000060", flushed = "0/3000060", replayed = "0/3000060";
  Value reply_time = "1700000000.5", xmin_age = kNull;
};

Rows RowsOf(const std::vector<SenderRow>& senders) {
  RowsBuilder rows;
  for (const SenderRow& sender : senders) {
    rows.AddRow({"4711",
                 sender.application_name,
                 "10.0.0.2",
                 sender.state,
                 sender.slot_name,
                 sender.slot_type,
                 sender.temporary,
                 "0/3000060",
                 sender.sent,
                 sender.written,
                 sender.flushed,
                 sender.replayed,
                 "0.001",
                 "0.002",
                 "0.003",
                 sender.reply_time,
                 "async",
                 kNull,
                 "0",
                 sender.xmin_age});
  }
  return rows.Build();
}

std::vector<std::string> Kinds(const std::vector<SenderRow>& senders) {
  const Result<FactPtr> fact = Decode(CollectorId::kSenders, RowsOf(senders));
  std::vector<std::string> kinds;
  for (const Sender& sender : static_cast<const SendersFact*>(fact->get())->senders) {
    kinds.emplace_back(kSenderKinds[static_cast<std::size_t>(sender.kind)]);
  }
  return kinds;
}

// The samples that are not 0; the zeros of the counts are in ZeroRowsAreZeroSenders.
std::string NotZero(const std::string& exposition) {
  std::istringstream lines(exposition);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('#') && !line.ends_with(" 0")) out += line + "\n";
  }
  return out;
}

TEST(SendersTest, DecodesEveryColumn) {
  const Result<FactPtr> decoded = Decode(
      CollectorId::kSenders,
      OneRow({"4711",  "app",          "10.0.0.2", "catchup",       "slot", "physical", "t",
              "0/6",   "0/5",          "0/4",      "0/3",           "0/2",  "0.001",    "0.002",
              "0.003", "1700000000.5", "quorum",   "WalSenderMain", "2",    "1234"}));
  ASSERT_TRUE(decoded);
  const Sender& sender = static_cast<const SendersFact*>(decoded->get())->senders.at(0);
  EXPECT_EQ(sender.pid, 4711);
  EXPECT_EQ(sender.application_name, "app");
  EXPECT_EQ(sender.client_addr, "10.0.0.2");
  EXPECT_EQ(sender.state, "catchup");
  EXPECT_EQ(sender.slot_name, "slot");
  EXPECT_TRUE(sender.temporary_slot);
  EXPECT_EQ(sender.current, Lsn{6});
  EXPECT_EQ(sender.sent, Lsn{5});
  EXPECT_EQ(sender.written, Lsn{4});
  EXPECT_EQ(sender.flushed, Lsn{3});
  EXPECT_EQ(sender.replayed, Lsn{2});
  EXPECT_EQ(sender.write_lag, 0.001);
  EXPECT_EQ(sender.flush_lag, 0.002);
  EXPECT_EQ(sender.replay_lag, 0.003);
  EXPECT_EQ(sender.reply_time, 1700000000.5);
  EXPECT_EQ(sender.wait_event, "WalSenderMain");
  EXPECT_EQ(sender.sync_priority, 2);
  EXPECT_EQ(sender.xmin_age, 1234);
  EXPECT_EQ(sender.sync_state, "quorum");
}

// A login takes a snapshot of its own.
TEST(SendersTest, WhoHasNotRepliedHasSentNoFeedback) {
  const Result<FactPtr> decoded = Decode(
      CollectorId::kSenders,
      RowsOf({{.xmin_age = "7"}, {.state = "startup", .reply_time = kNull, .xmin_age = "0"}}));
  const auto& senders = static_cast<const SendersFact*>(decoded->get())->senders;
  EXPECT_EQ(senders[0].xmin_age, 7);
  EXPECT_EQ(senders[1].xmin_age, std::nullopt);
}

TEST(SendersTest, KindIsToldFromSlotStateAndPositions) {
  EXPECT_THAT(
      Kinds({
          {.application_name = "standby"},
          {.application_name = "with a slot", .slot_name = "s1", .slot_type = "physical"},
          // It has told no position yet.
          {.state = "startup",
           .sent = kNull,
           .written = kNull,
           .flushed = kNull,
           .replayed = kNull},
          {.application_name = "sub", .slot_name = "sub", .slot_type = "logical"},
          // pg_basebackup: the backup itself, and WAL streamed beside it, with or without a slot.
          {.application_name = "pg_basebackup", .state = "backup", .written = kNull},
          {.slot_name = "pg_basebackup_99", .slot_type = "physical", .temporary = "t"},
          {.application_name = "pg_basebackup", .replayed = kNull},
          {.application_name = "pg_receivewal", .replayed = kNull},
          {.application_name = "barman", .slot_name = "b", .replayed = kNull},
      }),
      testing::ElementsAre("standby", "standby", "standby", "logical", "backup", "backup", "backup",
                           "receivewal", "receivewal"));
}

TEST(SendersTest, ZeroRowsAreZeroSenders) {
  const std::string text = Exposition(CollectorId::kSenders, NoRows());
  EXPECT_EQ(NotZero(text), "");
  EXPECT_TRUE(text.starts_with(R"(# TYPE pgrepl_senders gauge
pgrepl_senders{server="p",kind="standby",state="startup"} 0
pgrepl_senders{server="p",kind="standby",state="catchup"} 0
pgrepl_senders{server="p",kind="standby",state="streaming"} 0
pgrepl_senders{server="p",kind="standby",state="backup"} 0
pgrepl_senders{server="p",kind="standby",state="stopping"} 0
pgrepl_senders{server="p",kind="standby",state="other"} 0
pgrepl_senders{server="p",kind="logical",state="startup"} 0
)")) << text;
}

TEST(SendersTest, CountsByKindAndStateAndKnowsWhatIsNewAsOther) {
  EXPECT_EQ(NotZero(Exposition(CollectorId::kSenders,
                               RowsOf({{.application_name = "a"},
                                       {.application_name = "b"},
                                       {.application_name = "c", .state = "catchup"},
                                       {.application_name = "d", .state = "meditating"},
                                       {.slot_name = "sub", .slot_type = "logical"}}))),
            R"(pgrepl_senders{server="p",kind="standby",state="catchup"} 1
pgrepl_senders{server="p",kind="standby",state="streaming"} 2
pgrepl_senders{server="p",kind="standby",state="other"} 1
pgrepl_senders{server="p",kind="logical",state="streaming"} 1
)");
}

TEST(SendersTest, HiddenColumnsAreRefusedWithTheRemedy) {
  const Result<FactPtr> fact = Decode(CollectorId::kSenders, RowsOf({{}, {.state = kNull}}));
  ASSERT_FALSE(fact);
  EXPECT_EQ(fact.error().message, "pg_stat_replication hides its columns from this role");
  EXPECT_EQ(fact.error().sqlstate, "42501");
  EXPECT_EQ(fact.error().hint, "GRANT pg_monitor TO the exporter's role.");
}

class SendersEmitTest : public testing::Test {
 protected:
  SendersEmitTest() {
    server_.labels = R"(server="p")";
    server_.up = true;
    server_.facts[static_cast<std::size_t>(CollectorId::kSenders)] = &fact_;
  }

  // Without the counts.
  [[nodiscard]] std::string Standbys() const {
    const std::string text = Exposition(CollectorId::kSenders, server_);
    const auto first = text.find("# TYPE pgrepl_sender_");
    return first == std::string::npos ? "" : text.substr(first);
  }

  SendersFact fact_;
  ServerView server_;
};

TEST_F(SendersEmitTest, ConnectedStandby) {
  const Sender row{.application_name = "walreceiver",
                   .client_addr = "10.0.0.2",
                   .slot_name = "s1",
                   .write_lag = 0.001,
                   .flush_lag = 0.002,
                   .replay_lag = 0.25,
                   .sync_state = "potential",
                   .sync_priority = 2,
                   .xmin_age = 1234};
  server_.senders = {{.standby = "s1", .row = &row, .reply_age_seconds = 0.5}};
  EXPECT_EQ(Standbys(), R"(# TYPE pgrepl_sender_lag_seconds gauge
pgrepl_sender_lag_seconds{server="p",standby="s1",stage="write"} 0.001
pgrepl_sender_lag_seconds{server="p",standby="s1",stage="flush"} 0.002
pgrepl_sender_lag_seconds{server="p",standby="s1",stage="replay"} 0.25
# TYPE pgrepl_sender_reply_age_seconds gauge
pgrepl_sender_reply_age_seconds{server="p",standby="s1"} 0.5
# TYPE pgrepl_sender_sync_state gauge
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="async"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="potential"} 1
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="sync"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="quorum"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="other"} 0
# TYPE pgrepl_sender_sync_priority gauge
pgrepl_sender_sync_priority{server="p",standby="s1"} 2
# TYPE pgrepl_sender_xmin_age gauge
pgrepl_sender_xmin_age{server="p",standby="s1"} 1234
# TYPE pgrepl_sender_info gauge
pgrepl_sender_info{server="p",standby="s1",application_name="walreceiver",client_addr="10.0.0.2",slot_name="s1"} 1
)");
}

TEST_F(SendersEmitTest, DisconnectedStandbyIsInNoSyncStateAndItsReplyAges) {
  server_.senders = {{.standby = "s1", .reply_age_seconds = 3600}};
  EXPECT_EQ(Standbys(), R"(# TYPE pgrepl_sender_reply_age_seconds gauge
pgrepl_sender_reply_age_seconds{server="p",standby="s1"} 3600
# TYPE pgrepl_sender_sync_state gauge
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="async"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="potential"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="sync"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="quorum"} 0
pgrepl_sender_sync_state{server="p",standby="s1",sync_state="other"} 0
)");
}

TEST_F(SendersEmitTest, CaughtUpStandbyHasNoLagOfItsUpstreamAndHostileTextIsEscaped) {
  const Sender row{.application_name = "a\"b\\c\nd", .sync_state = "async"};
  server_.senders = {{.standby = "a\"b\\c\nd", .row = &row}};
  EXPECT_EQ(NotZero(Standbys()),
            R"(pgrepl_sender_sync_state{server="p",standby="a\"b\\c\nd",sync_state="async"} 1
pgrepl_sender_info{server="p",standby="a\"b\\c\nd",application_name="a\"b\\c\nd",client_addr="",slot_name=""} 1
)");
}

TEST_F(SendersEmitTest, CountsAreKeptWhileOnlyWeCannotReachTheServer) {
  fact_.senders = {{.kind = SenderKind::kStandby, .state = "streaming"}};
  server_.up = false;
  server_.reason = UpReason::kTimeout;
  EXPECT_EQ(NotZero(Exposition(CollectorId::kSenders, server_)),
            "pgrepl_senders{server=\"p\",kind=\"standby\",state=\"streaming\"} 1\n");
}

TEST_F(SendersEmitTest, ServerThatRefusesConnectionsHasNoSenders) {
  fact_.senders = {{.kind = SenderKind::kStandby, .state = "streaming"}};
  server_.up = false;
  server_.reason = UpReason::kRefused;
  const std::string text = Exposition(CollectorId::kSenders, server_);
  EXPECT_EQ(NotZero(text), "");
  EXPECT_NE(text, "");
}

TEST_F(SendersEmitTest, NoFactIsNoCount) {
  server_.facts.assign(kCollectorCount, nullptr);
  EXPECT_EQ(Exposition(CollectorId::kSenders, server_), "");
}

}  // namespace
}  // namespace pgrepl
