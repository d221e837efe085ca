// SPDX-License-Identifier: Apache-2.0
#include "collectors/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

const SettingsFact kUsual{{100, 8, 10, 0, 64}};

constexpr std::nullopt_t kNull = std::nullopt;

constexpr std::string_view kValues = R"(# TYPE pgrepl_setting gauge
pgrepl_setting{server="s1",setting="max_connections"} 100
pgrepl_setting{server="s1",setting="max_worker_processes"} 8
pgrepl_setting{server="s1",setting="max_wal_senders"} 10
pgrepl_setting{server="s1",setting="max_prepared_transactions"} 0
pgrepl_setting{server="s1",setting="max_locks_per_transaction"} 64
pgrepl_setting{server="s1",setting="max_replication_slots"} 20
)";
constexpr std::string_view kOfBoth = R"(# TYPE pgrepl_wal_level gauge
pgrepl_wal_level{server="s1",level="minimal"} 0
pgrepl_wal_level{server="s1",level="replica"} 1
pgrepl_wal_level{server="s1",level="logical"} 0
pgrepl_wal_level{server="s1",level="other"} 0
# TYPE pgrepl_sender_timeout_seconds gauge
pgrepl_sender_timeout_seconds{server="s1"} 60
)";
constexpr std::string_view kOfStandbys = R"(# TYPE pgrepl_hot_standby_feedback gauge
pgrepl_hot_standby_feedback{server="s1"} 1
# TYPE pgrepl_max_standby_delay_seconds gauge
pgrepl_max_standby_delay_seconds{server="s1",source="archive"} 30
)";
constexpr std::string_view kLast = R"(# TYPE pgrepl_rewind_possible gauge
pgrepl_rewind_possible{server="s1"} 1
)";

// One that may wait for queries for ever while it streams.
Rows Values() {
  return OneRow({"100", "8", "10", "0", "64", "20", kNull, "replica", "60", "t", kNull, "30", "t"});
}

std::string Settings(Role role, const SettingsFact* primary) {
  const auto fact = Decode(CollectorId::kSettings, Values());
  ServerView server{.role = role};
  server.labels = R"(server="s1")";
  server.primary_settings = primary;
  server.facts[static_cast<std::size_t>(CollectorId::kSettings)] = fact->get();
  return Exposition(CollectorId::kSettings, server);
}

std::string Joined(std::initializer_list<std::string_view> parts) {
  std::string whole;
  for (const std::string_view part : parts) whole += part;
  return whole;
}

TEST(SettingsTest, StandbyIsComparedWithItsPrimary) {
  const SettingsFact primary{{200, 8, 9, 5, 64}};
  constexpr std::string_view kTooLow = R"(# TYPE pgrepl_setting_too_low gauge
pgrepl_setting_too_low{server="s1",setting="max_connections"} 1
pgrepl_setting_too_low{server="s1",setting="max_worker_processes"} 0
pgrepl_setting_too_low{server="s1",setting="max_wal_senders"} 0
pgrepl_setting_too_low{server="s1",setting="max_prepared_transactions"} 1
pgrepl_setting_too_low{server="s1",setting="max_locks_per_transaction"} 0
)";
  EXPECT_EQ(Settings(Role::kStandby, &primary),
            Joined({kValues, kTooLow, kOfBoth, kOfStandbys, kLast}));
}

TEST(SettingsTest, PrimaryAndStandbyOfAnUnknownPrimaryHaveNothingToBeComparedWith) {
  EXPECT_EQ(Settings(Role::kPrimary, &kUsual), Joined({kValues, kOfBoth, kLast}));
  EXPECT_EQ(Settings(Role::kStandby, nullptr), Joined({kValues, kOfBoth, kOfStandbys, kLast}));
}

TEST(SettingsTest, IdleTimeoutOfSlotsFrom18On) {
  const std::string page = Exposition(
      CollectorId::kSettings,
      OneRow({"100", "8", "10", "0", "64", "20", "86400", "logical", "0", "f", kNull, kNull, "f"}));
  EXPECT_THAT(page, testing::HasSubstr(R"(setting="max_replication_slots"} 20
# TYPE pgrepl_slot_idle_timeout_seconds gauge
pgrepl_slot_idle_timeout_seconds{server="p"} 86400
)"));
  EXPECT_THAT(page, testing::HasSubstr("pgrepl_wal_level{server=\"p\",level=\"logical\"} 1\n"));
  EXPECT_THAT(page, testing::EndsWith("pgrepl_rewind_possible{server=\"p\"} 0\n"));
}

TEST(SettingsTest, TooLowNamesThemInOrder) {
  using testing::ElementsAre;
  EXPECT_THAT(TooLow(kUsual, kUsual), ElementsAre());
  EXPECT_THAT(TooLow({{500, 80, 100, 10, 640}}, kUsual), ElementsAre());
  EXPECT_THAT(TooLow({{100, 7, 10, 0, 63}}, kUsual),
              ElementsAre("max_worker_processes", "max_locks_per_transaction"));
  EXPECT_THAT(TooLow({{99, 7, 9, -1, 63}}, kUsual), testing::ElementsAreArray(kStandbySettings));
}

TEST(SettingsTest, WithoutAFactNothingIsCompared) {
  ServerView server{.role = Role::kStandby};
  server.primary_settings = &kUsual;
  EXPECT_EQ(Exposition(CollectorId::kSettings, server), "");
}

TEST(SettingsTest, SettingThatIsNoNumberIsRefused) {
  EXPECT_EQ(Exposition(CollectorId::kSettings, OneRow({"100", "8", "ten", "0", "64"})),
            "refused: max_wal_senders is no number");
  EXPECT_EQ(Exposition(CollectorId::kSettings, OneRow({std::nullopt, "8", "10", "0", "64"})),
            "refused: max_connections is no number");
}

TEST(SettingsTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kSettings, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
