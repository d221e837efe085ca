// SPDX-License-Identifier: Apache-2.0
#include "collectors/lag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: flushed, snapshot's hash, received, replayed, pause state, apply delay, timeline,
// checkpoint, minimum recovery end.
PositionFact Position(std::initializer_list<RowsBuilder::Value> row) {
  const Result<FactPtr> fact = Decode(CollectorId::kLag, OneRow(row));
  return fact ? *static_cast<const PositionFact*>(fact->get()) : PositionFact{};
}

std::string Lag(const std::optional<LagView>& lag, const PositionFact* fact) {
  ServerView server;
  server.labels = R"(server="s1")";
  server.lag = lag;
  server.facts[static_cast<std::size_t>(CollectorId::kLag)] = fact;
  return Exposition(CollectorId::kLag, server);
}

// The 21 causes have a test of their own, and would fill this one.
std::string WithoutCauses(const std::string& page) {
  return std::regex_replace(page, std::regex("(# TYPE )?pgrepl_lag_cause[^\n]*\n"), "");
}

TEST(LagTest, DecodesAPrimary) {
  const PositionFact fact = Position(
      {"16/B374D848", "-9223372036854775808", kNull, "16/0", kNull, kNull, "7", kNull, kNull});
  EXPECT_EQ(fact.flushed, Lsn::Parse("16/B374D848"));
  EXPECT_EQ(fact.snapshot, INT64_MIN);
  EXPECT_EQ(fact.received, std::nullopt);
  EXPECT_EQ(fact.replayed, Lsn::Parse("16/0"));
  EXPECT_EQ(fact.pause_state, "");
  EXPECT_EQ(fact.apply_delay, std::nullopt);
  EXPECT_EQ(fact.timeline, 7);
}

TEST(LagTest, DecodesAStandby) {
  const PositionFact fact = Position({kNull, kNull, "16/B374D848", "16/B374D000", "pause requested",
                                      "3600", "7", "16/B3000028", kNull});
  EXPECT_EQ(fact.flushed, std::nullopt);
  EXPECT_EQ(fact.snapshot, std::nullopt);
  EXPECT_EQ(fact.received, Lsn::Parse("16/B374D848"));
  EXPECT_EQ(fact.replayed, Lsn::Parse("16/B374D000"));
  EXPECT_EQ(fact.pause_state, "pause requested");
  EXPECT_EQ(fact.apply_delay, 3600);
  EXPECT_EQ(fact.timeline, 7);
  EXPECT_EQ(fact.on_timeline, Lsn::Parse("16/B3000029")) << "where the checkpoint's record goes on";
}

TEST(LagTest, MeasuredAgainstHistory) {
  const LagView lag{.seconds = 12.5,
                    .known = true,
                    .bound = LagBound::kExact,
                    .source = LagSource::kHistory,
                    .bytes = {.send = 0, .write = 16, .flush = 32, .replay = 64, .total = 112},
                    .apply_delay = 3600,
                    .threshold = 60,
                    .caught_up_once = true,
                    .connected = true,
                    .streaming = true};
  const PositionFact fact{.replayed = Lsn{9007199254740991}, .pause_state = "not paused"};
  EXPECT_EQ(WithoutCauses(Lag(lag, &fact)), R"(# TYPE pgrepl_lag_seconds gauge
pgrepl_lag_seconds{server="s1"} 12.5
# TYPE pgrepl_lag_known gauge
pgrepl_lag_known{server="s1"} 1
# TYPE pgrepl_lag_bound gauge
pgrepl_lag_bound{server="s1",bound="exact"} 1
pgrepl_lag_bound{server="s1",bound="at_least"} 0
pgrepl_lag_bound{server="s1",bound="at_most"} 0
# TYPE pgrepl_lag_source gauge
pgrepl_lag_source{server="s1",source="history"} 1
pgrepl_lag_source{server="s1",source="sender"} 0
pgrepl_lag_source{server="s1",source="receiver"} 0
pgrepl_lag_source{server="s1",source="archive"} 0
pgrepl_lag_source{server="s1",source="replay_timestamp"} 0
pgrepl_lag_source{server="s1",source="none"} 0
# TYPE pgrepl_lag_bytes gauge
pgrepl_lag_bytes{server="s1",stage="send"} 0
pgrepl_lag_bytes{server="s1",stage="write"} 16
pgrepl_lag_bytes{server="s1",stage="flush"} 32
pgrepl_lag_bytes{server="s1",stage="replay"} 64
pgrepl_lag_bytes{server="s1",stage="total"} 112
# TYPE pgrepl_apply_delay_seconds gauge
pgrepl_apply_delay_seconds{server="s1"} 3600
# TYPE pgrepl_lag_threshold_seconds gauge
pgrepl_lag_threshold_seconds{server="s1"} 60
# TYPE pgrepl_caught_up_once gauge
pgrepl_caught_up_once{server="s1"} 1
# TYPE pgrepl_standby_connected gauge
pgrepl_standby_connected{server="s1"} 1
# TYPE pgrepl_standby_streaming gauge
pgrepl_standby_streaming{server="s1"} 1
# TYPE pgrepl_replay_paused gauge
pgrepl_replay_paused{server="s1",state="not_paused"} 1
pgrepl_replay_paused{server="s1",state="pause_requested"} 0
pgrepl_replay_paused{server="s1",state="paused"} 0
pgrepl_replay_paused{server="s1",state="other"} 0
# TYPE pgrepl_wal_position_bytes gauge
pgrepl_wal_position_bytes{server="s1"} 9007199254740991
)");
}

// What the contract promises of a standby that nobody can ask.
TEST(LagTest, NeverVanishesWhileTheStandbyIsDown) {
  const LagView lag{.seconds = 90, .bound = LagBound::kAtLeast, .bytes = {.total = 4096}};
  EXPECT_EQ(WithoutCauses(Lag(lag, nullptr)), R"(# TYPE pgrepl_lag_seconds gauge
pgrepl_lag_seconds{server="s1"} 90
# TYPE pgrepl_lag_known gauge
pgrepl_lag_known{server="s1"} 0
# TYPE pgrepl_lag_bound gauge
pgrepl_lag_bound{server="s1",bound="exact"} 0
pgrepl_lag_bound{server="s1",bound="at_least"} 1
pgrepl_lag_bound{server="s1",bound="at_most"} 0
# TYPE pgrepl_lag_source gauge
pgrepl_lag_source{server="s1",source="history"} 0
pgrepl_lag_source{server="s1",source="sender"} 0
pgrepl_lag_source{server="s1",source="receiver"} 0
pgrepl_lag_source{server="s1",source="archive"} 0
pgrepl_lag_source{server="s1",source="replay_timestamp"} 0
pgrepl_lag_source{server="s1",source="none"} 1
# TYPE pgrepl_lag_bytes gauge
pgrepl_lag_bytes{server="s1",stage="total"} 4096
# TYPE pgrepl_lag_threshold_seconds gauge
pgrepl_lag_threshold_seconds{server="s1"} 60
# TYPE pgrepl_caught_up_once gauge
pgrepl_caught_up_once{server="s1"} 0
# TYPE pgrepl_standby_connected gauge
pgrepl_standby_connected{server="s1"} 0
# TYPE pgrepl_standby_streaming gauge
pgrepl_standby_streaming{server="s1"} 0
)");
}

TEST(LagTest, AHiddenStateIsNotSaidToBeNone) {
  const std::string page = Lag(LagView{.connected = true, .state_hidden = true}, nullptr);
  EXPECT_THAT(page, testing::HasSubstr("pgrepl_standby_connected{server=\"s1\"} 1\n"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("pgrepl_standby_streaming")));
}

TEST(LagTest, PrimaryHasAPositionAndNoLag) {
  // A promoted one also knows where it left the old timeline; that isn't where it is.
  const PositionFact fact{.flushed = Lsn{200}, .replayed = Lsn{100}};
  EXPECT_EQ(Lag(std::nullopt, &fact), R"(# TYPE pgrepl_wal_position_bytes gauge
pgrepl_wal_position_bytes{server="s1"} 200
)");
}

TEST(LagTest, PauseStatesAreThoseOfTheManualOrOther) {
  const auto paused = [](const char* state) {
    const PositionFact fact{.pause_state = state};
    const std::string text = Lag(LagView{}, &fact);
    return text.substr(text.find("# TYPE pgrepl_replay_paused"));
  };
  EXPECT_EQ(paused("pause requested"), R"(# TYPE pgrepl_replay_paused gauge
pgrepl_replay_paused{server="s1",state="not_paused"} 0
pgrepl_replay_paused{server="s1",state="pause_requested"} 1
pgrepl_replay_paused{server="s1",state="paused"} 0
pgrepl_replay_paused{server="s1",state="other"} 0
)");
  EXPECT_EQ(paused("half paused"), R"(# TYPE pgrepl_replay_paused gauge
pgrepl_replay_paused{server="s1",state="not_paused"} 0
pgrepl_replay_paused{server="s1",state="pause_requested"} 0
pgrepl_replay_paused{server="s1",state="paused"} 0
pgrepl_replay_paused{server="s1",state="other"} 1
)");
}

TEST(LagTest, NothingKnownIsNoSeries) {
  EXPECT_EQ(Lag(std::nullopt, nullptr), "");
  const PositionFact fact =
      Position({kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull, kNull});
  EXPECT_EQ(Lag(std::nullopt, &fact), "");
}

TEST(LagTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kLag, NoRows()), "refused: expected one row");
}

TEST(LagTest, OneCauseAtATime) {
  for (std::size_t i = 0; i < std::size(kLagCauses); ++i) {
    const std::string page = Lag(LagView{.cause = static_cast<LagCause>(i)}, nullptr);
    for (std::size_t j = 0; j < std::size(kLagCauses); ++j) {
      EXPECT_THAT(page, testing::HasSubstr("cause=\"" + std::string(kLagCauses[j]) + "\"} " +
                                           (i == j ? "1" : "0") + "\n"));
    }
  }
}

}  // namespace
}  // namespace pgrepl
