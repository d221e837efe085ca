// SPDX-License-Identifier: Apache-2.0
#include "collectors/receiver.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: pid, status, received_tli, latest_end_lsn, last_msg_send_time, last_msg_receipt_time,
// its age, slot_name, sender_host, sender_port, application_name, wal_receiver_timeout,
// wal_receiver_status_interval, primary_conninfo <> '', primary_slot_name, restore_command <> '',
// receive_start_lsn, written_lsn, flushed_lsn.
Rows Streaming() {
  return OneRow({"4711", "streaming", "3", "16/B374D848", "1700000000.5", "1700000000.25", "1.5",
                 "s1", "10.0.0.1", "5432", "s1", "60", "10", "t", "s1_slot", "f", "16/B3000000",
                 "16/B374D840", "16/B374D830"});
}

std::string Receiver(const Rows& rows, const ReceiverView& view) {
  const Result<FactPtr> fact = Decode(CollectorId::kReceiver, rows);
  if (!fact) return "refused: " + fact.error().message;
  ServerView server;
  server.labels = R"(server="s1")";
  server.receiver = view;
  server.facts[static_cast<std::size_t>(CollectorId::kReceiver)] = fact->get();
  return Exposition(CollectorId::kReceiver, server);
}

TEST(ReceiverTest, DecodesEveryColumn) {
  const Result<FactPtr> decoded = Decode(CollectorId::kReceiver, Streaming());
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const ReceiverFact*>(decoded->get());
  EXPECT_TRUE(fact.present);
  EXPECT_EQ(fact.pid, 4711);
  EXPECT_EQ(fact.status, "streaming");
  EXPECT_EQ(fact.timeline, 3);
  EXPECT_EQ(fact.latest_end, Lsn::Parse("16/B374D848"));
  EXPECT_EQ(fact.message_sent, 1700000000.5);
  EXPECT_EQ(fact.message_received, 1700000000.25);
  EXPECT_EQ(fact.message_age, 1.5);
  EXPECT_EQ(fact.slot_name, "s1");
  EXPECT_EQ(fact.sender_host, "10.0.0.1");
  EXPECT_EQ(fact.sender_port, 5432);
  EXPECT_EQ(fact.application_name, "s1");
  EXPECT_EQ(fact.timeout, 60);
  EXPECT_EQ(fact.status_interval, 10);
  EXPECT_EQ(fact.conninfo_set, true);
  EXPECT_EQ(fact.slot_setting, "s1_slot");
  EXPECT_EQ(fact.restore_command_set, false);
  EXPECT_EQ(fact.start, Lsn::Parse("16/B3000000"));
  EXPECT_EQ(fact.written, Lsn::Parse("16/B374D840"));
  EXPECT_EQ(fact.flushed, Lsn::Parse("16/B374D830"));
}

TEST(ReceiverTest, SettingsAreKnownWithoutAReceiver) {
  const Result<FactPtr> decoded =
      Decode(CollectorId::kReceiver,
             OneRow({kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull,
                     "60", "10", "f", "", "t", kNull, kNull, kNull}));
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const ReceiverFact*>(decoded->get());
  EXPECT_FALSE(fact.present);
  EXPECT_EQ(fact.conninfo_set, false);
  EXPECT_EQ(fact.slot_setting, "");
  EXPECT_EQ(fact.restore_command_set, true);
}

TEST(ReceiverTest, Streams) {
  EXPECT_EQ(
      Receiver(Streaming(),
               {.up = true, .expected = true, .last_message_age_seconds = 1.25, .restarts = 2}),
      R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 1
# TYPE pgrepl_receiver_expected gauge
pgrepl_receiver_expected{server="s1"} 1
# TYPE pgrepl_receiver_status gauge
pgrepl_receiver_status{server="s1",status="streaming"} 1
pgrepl_receiver_status{server="s1",status="starting"} 0
pgrepl_receiver_status{server="s1",status="waiting"} 0
pgrepl_receiver_status{server="s1",status="restarting"} 0
pgrepl_receiver_status{server="s1",status="stopping"} 0
pgrepl_receiver_status{server="s1",status="stopped"} 0
pgrepl_receiver_status{server="s1",status="none"} 0
pgrepl_receiver_status{server="s1",status="other"} 0
# TYPE pgrepl_receiver_info gauge
pgrepl_receiver_info{server="s1",sender_host="10.0.0.1",sender_port="5432",slot_name="s1"} 1
# TYPE pgrepl_receiver_restarts_total counter
pgrepl_receiver_restarts_total{server="s1"} 2
# TYPE pgrepl_receiver_last_message_age_seconds gauge
pgrepl_receiver_last_message_age_seconds{server="s1"} 1.25
# TYPE pgrepl_receiver_position_bytes gauge
pgrepl_receiver_position_bytes{server="s1",position="start"} 97492402176
pgrepl_receiver_position_bytes{server="s1",position="written"} 97500059712
pgrepl_receiver_position_bytes{server="s1",position="flushed"} 97500059696
pgrepl_receiver_position_bytes{server="s1",position="latest_end"} 97500059720
# TYPE pgrepl_receiver_timeline gauge
pgrepl_receiver_timeline{server="s1"} 3
# TYPE pgrepl_receiver_timeout_seconds gauge
pgrepl_receiver_timeout_seconds{server="s1"} 60
# TYPE pgrepl_receiver_status_interval_seconds gauge
pgrepl_receiver_status_interval_seconds{server="s1"} 10
)");
}

// The view has no row then; the statement still answers one, with the settings.
TEST(ReceiverTest, NoReceiverIsStatusNone) {
  const Rows rows = OneRow({kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull,
                            kNull, "0", "10", kNull, "", kNull, kNull, kNull, kNull});
  EXPECT_EQ(Receiver(rows, {}), R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 0
# TYPE pgrepl_receiver_expected gauge
pgrepl_receiver_expected{server="s1"} 0
# TYPE pgrepl_receiver_status gauge
pgrepl_receiver_status{server="s1",status="streaming"} 0
pgrepl_receiver_status{server="s1",status="starting"} 0
pgrepl_receiver_status{server="s1",status="waiting"} 0
pgrepl_receiver_status{server="s1",status="restarting"} 0
pgrepl_receiver_status{server="s1",status="stopping"} 0
pgrepl_receiver_status{server="s1",status="stopped"} 0
pgrepl_receiver_status{server="s1",status="none"} 1
pgrepl_receiver_status{server="s1",status="other"} 0
# TYPE pgrepl_receiver_restarts_total counter
pgrepl_receiver_restarts_total{server="s1"} 0
# TYPE pgrepl_receiver_timeout_seconds gauge
pgrepl_receiver_timeout_seconds{server="s1"} 0
# TYPE pgrepl_receiver_status_interval_seconds gauge
pgrepl_receiver_status_interval_seconds{server="s1"} 10
)");
}

TEST(ReceiverTest, UnknownStatusIsOtherAndHostileTextIsEscaped) {
  const Rows rows =
      OneRow({"1", "dozing", kNull, kNull, kNull, kNull, kNull, kNull, "/a\"b\\c\nd\xed\xa0\x80",
              kNull, kNull, "60", "10", "t", "s\"1", "t", kNull, kNull, kNull});
  EXPECT_EQ(Receiver(rows, {.expected = true}), R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 0
# TYPE pgrepl_receiver_expected gauge
pgrepl_receiver_expected{server="s1"} 1
# TYPE pgrepl_receiver_status gauge
pgrepl_receiver_status{server="s1",status="streaming"} 0
pgrepl_receiver_status{server="s1",status="starting"} 0
pgrepl_receiver_status{server="s1",status="waiting"} 0
pgrepl_receiver_status{server="s1",status="restarting"} 0
pgrepl_receiver_status{server="s1",status="stopping"} 0
pgrepl_receiver_status{server="s1",status="stopped"} 0
pgrepl_receiver_status{server="s1",status="none"} 0
pgrepl_receiver_status{server="s1",status="other"} 1
# TYPE pgrepl_receiver_info gauge
pgrepl_receiver_info{server="s1",sender_host="/a\"b\\c\nd???",sender_port="",slot_name=""} 1
# TYPE pgrepl_receiver_restarts_total counter
pgrepl_receiver_restarts_total{server="s1"} 0
# TYPE pgrepl_receiver_timeout_seconds gauge
pgrepl_receiver_timeout_seconds{server="s1"} 60
# TYPE pgrepl_receiver_status_interval_seconds gauge
pgrepl_receiver_status_interval_seconds{server="s1"} 10
)");
}

Rows Hidden() {
  return OneRow({"4711", kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, "60",
                 "10", kNull, "", "f", kNull, kNull, kNull});
}

TEST(ReceiverTest, HiddenColumnsAreToldWithTheRemedy) {
  const std::optional<Error> hidden = HiddenOf(CollectorId::kReceiver, Hidden());
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->message, "pg_stat_wal_receiver hides its columns from this role");
  EXPECT_EQ(hidden->sqlstate, "42501");
  EXPECT_EQ(hidden->hint, "GRANT pg_monitor TO the exporter's role.");
  EXPECT_FALSE(HiddenOf(CollectorId::kReceiver, Streaming()));
}

TEST(ReceiverTest, HiddenStateIsNone) {
  EXPECT_EQ(Receiver(Hidden(), {.up = true, .expected = true}),
            R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 1
# TYPE pgrepl_receiver_expected gauge
pgrepl_receiver_expected{server="s1"} 1
# TYPE pgrepl_receiver_restarts_total counter
pgrepl_receiver_restarts_total{server="s1"} 0
# TYPE pgrepl_receiver_timeout_seconds gauge
pgrepl_receiver_timeout_seconds{server="s1"} 60
# TYPE pgrepl_receiver_status_interval_seconds gauge
pgrepl_receiver_status_interval_seconds{server="s1"} 10
)");
}

TEST(ReceiverTest, UnansweredStandbyKeepsWhatIsKnownWithoutItsFact) {
  ServerView server;
  server.labels = R"(server="s1")";
  server.receiver = {.up = true, .expected = true, .last_message_age_seconds = 30};
  EXPECT_EQ(Exposition(CollectorId::kReceiver, server), R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 1
# TYPE pgrepl_receiver_expected gauge
pgrepl_receiver_expected{server="s1"} 1
# TYPE pgrepl_receiver_restarts_total counter
pgrepl_receiver_restarts_total{server="s1"} 0
# TYPE pgrepl_receiver_last_message_age_seconds gauge
pgrepl_receiver_last_message_age_seconds{server="s1"} 30
)");
}

// Only its upstream can say anything about it.
TEST(ReceiverTest, StandbyThatIsNotConfiguredOnlySaysWhetherItReceives) {
  ServerView server;
  server.labels = R"(server="s1")";
  server.configured = false;
  server.receiver = {.up = true};
  EXPECT_EQ(Exposition(CollectorId::kReceiver, server), R"(# TYPE pgrepl_receiver_up gauge
pgrepl_receiver_up{server="s1"} 1
)");
}

TEST(ReceiverTest, PrimaryHasNone) {
  EXPECT_EQ(Exposition(CollectorId::kReceiver, ServerView{}), "");
}

TEST(ReceiverTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Receiver(NoRows(), {}), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
