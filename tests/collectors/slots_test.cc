// SPDX-License-Identifier: Apache-2.0
#include "collectors/slots.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

using Value = RowsBuilder::Value;

constexpr std::nullopt_t kNull = std::nullopt;

/// A row: what isn't said is an idle physical slot on PostgreSQL 12.
struct Told {
  Value name = "s1";
  Value type = "physical";
  Value plugin = kNull;
  Value database = kNull;
  Value temporary = "f";
  Value active = "f";
  Value behind = kNull;
  Value unconfirmed = kNull;
  Value consumed = kNull;
  Value xmin = kNull;
  Value catalog_xmin = kNull;
  Value wal_status = kNull;
  Value safe_wal_size = kNull;
  Value two_phase = kNull;
  Value conflicting = kNull;
  Value invalidation_reason = kNull;
  Value failover = kNull;
  Value synced = kNull;
  Value inactive = kNull;
};

void Add(const Told& told, RowsBuilder& rows) {
  rows.AddRow({told.name, told.type, told.plugin, told.database, told.temporary, told.active,
               told.behind, told.unconfirmed, told.consumed, told.xmin, told.catalog_xmin,
               told.wal_status, told.safe_wal_size, told.two_phase, told.conflicting,
               told.invalidation_reason, told.failover, told.synced, told.inactive});
}

Rows RowsOf(const std::vector<Told>& slots) {
  RowsBuilder rows;
  for (const Told& told : slots) Add(told, rows);
  return rows.Build();
}

// The counts come first and are the same for every single slot; CountsByType has them.
std::string WithoutCounts(const std::string& text) {
  const auto first = text.find("# TYPE pgrepl_slot_");
  return first == std::string::npos ? "" : text.substr(first);
}

// Of one-hot families, which have many lines, shown is the one that is 1.
std::string Slots(const Told& told) {
  std::istringstream lines(WithoutCounts(Exposition(CollectorId::kSlots, RowsOf({told}))));
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const bool one_hot = line.find(",status=") != line.npos || line.find(",reason=") != line.npos;
    if (!one_hot || !line.ends_with(" 0")) out += line + "\n";
  }
  return out;
}

SlotsFact FactOf(const Told& told) {
  return *static_cast<const SlotsFact*>(Decode(CollectorId::kSlots, RowsOf({told})).value().get());
}

TEST(SlotsTest, PhysicalSlotInUseOnTheNewestMajor) {
  EXPECT_EQ(Slots({.active = "t",
                   .behind = "4096",
                   .consumed = "0/1000",
                   .xmin = "12",
                   .catalog_xmin = "7",
                   .wal_status = "reserved",
                   .safe_wal_size = "104857600",
                   .two_phase = "f",
                   .invalidation_reason = "none",
                   .failover = "f",
                   .synced = "f",
                   .inactive = "0"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="s1",slot_type="physical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 1
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="s1",slot_type="physical"} 0
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="s1",slot_type="physical"} 4096
# TYPE pgrepl_slot_safe_bytes gauge
pgrepl_slot_safe_bytes{server="p",slot_name="s1",slot_type="physical"} 104857600
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="reserved"} 1
# TYPE pgrepl_slot_invalidation_reason gauge
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="none"} 1
# TYPE pgrepl_slot_xmin_age gauge
pgrepl_slot_xmin_age{server="p",slot_name="s1",slot_type="physical"} 12
# TYPE pgrepl_slot_catalog_xmin_age gauge
pgrepl_slot_catalog_xmin_age{server="p",slot_name="s1",slot_type="physical"} 7
)");
}

TEST(SlotsTest, LogicalSlotOnTheNewestMajor) {
  EXPECT_EQ(Slots({.name = "cdc",
                   .type = "logical",
                   .plugin = "pgoutput",
                   .database = "shop",
                   .behind = "9007199254740991",
                   .unconfirmed = "8192",
                   .consumed = "0/1000",
                   .catalog_xmin = "2000000000",
                   .wal_status = "unreserved",
                   .safe_wal_size = "-16777216",
                   .two_phase = "t",
                   .conflicting = "f",
                   .invalidation_reason = "none",
                   .failover = "t",
                   .synced = "f",
                   .inactive = "86400.5"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="cdc",slot_type="logical",plugin="pgoutput",database="shop"} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="cdc",slot_type="logical"} 86400.5
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 9007199254740991
# TYPE pgrepl_slot_safe_bytes gauge
pgrepl_slot_safe_bytes{server="p",slot_name="cdc",slot_type="logical"} -16777216
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="unreserved"} 1
# TYPE pgrepl_slot_invalidation_reason gauge
pgrepl_slot_invalidation_reason{server="p",slot_name="cdc",slot_type="logical",reason="none"} 1
# TYPE pgrepl_slot_catalog_xmin_age gauge
pgrepl_slot_catalog_xmin_age{server="p",slot_name="cdc",slot_type="logical"} 2000000000
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 8192
# TYPE pgrepl_slot_two_phase gauge
pgrepl_slot_two_phase{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_conflicting gauge
pgrepl_slot_conflicting{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_failover gauge
pgrepl_slot_failover{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_synced gauge
pgrepl_slot_synced{server="p",slot_name="cdc",slot_type="logical"} 0
)");
}

TEST(SlotsTest, LogicalSlotOnTheOldestMajor) {
  EXPECT_EQ(Slots({.name = "cdc",
                   .type = "logical",
                   .plugin = "pgoutput",
                   .database = "shop",
                   .active = "t",
                   .behind = "4096",
                   .unconfirmed = "8192",
                   .consumed = "0/1000",
                   .catalog_xmin = "9"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="cdc",slot_type="logical",plugin="pgoutput",database="shop"} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 4096
# TYPE pgrepl_slot_catalog_xmin_age gauge
pgrepl_slot_catalog_xmin_age{server="p",slot_name="cdc",slot_type="logical"} 9
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 8192
)");
}

// Conflict or removed WAL: it doesn't say.
TEST(SlotsTest, LostOn16HasNoReason) {
  EXPECT_EQ(Slots({.name = "cdc",
                   .type = "logical",
                   .plugin = "pgoutput",
                   .database = "shop",
                   .catalog_xmin = "9",
                   .wal_status = "lost",
                   .two_phase = "f",
                   .conflicting = "t"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="cdc",slot_type="logical",plugin="pgoutput",database="shop"} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="lost"} 1
# TYPE pgrepl_slot_two_phase gauge
pgrepl_slot_two_phase{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_conflicting gauge
pgrepl_slot_conflicting{server="p",slot_name="cdc",slot_type="logical"} 1
)");
}

// After an invalidation for its idleness restart_lsn and xmin stay.
TEST(SlotsTest, LostSlotStaysAndHoldsNothingBack) {
  EXPECT_EQ(Slots({.behind = "4096",
                   .xmin = "12",
                   .catalog_xmin = "7",
                   .wal_status = "lost",
                   .two_phase = "f",
                   .invalidation_reason = "idle_timeout",
                   .failover = "f",
                   .synced = "f",
                   .inactive = "60"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="s1",slot_type="physical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="s1",slot_type="physical"} 60
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="lost"} 1
# TYPE pgrepl_slot_invalidation_reason gauge
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="idle_timeout"} 1
)");
}

// It isn't idle: inactive_since moves with each synchronization.
TEST(SlotsTest, CopyOnAStandbyHasAnAgeOfItsOwn) {
  EXPECT_EQ(Slots({.name = "cdc",
                   .type = "logical",
                   .plugin = "pgoutput",
                   .database = "shop",
                   .behind = "0",
                   .unconfirmed = "0",
                   .wal_status = "reserved",
                   .two_phase = "f",
                   .conflicting = "f",
                   .invalidation_reason = "none",
                   .failover = "t",
                   .synced = "t",
                   .inactive = "2.5"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="cdc",slot_type="logical",plugin="pgoutput",database="shop"} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="reserved"} 1
# TYPE pgrepl_slot_invalidation_reason gauge
pgrepl_slot_invalidation_reason{server="p",slot_name="cdc",slot_type="logical",reason="none"} 1
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_two_phase gauge
pgrepl_slot_two_phase{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_conflicting gauge
pgrepl_slot_conflicting{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_failover gauge
pgrepl_slot_failover{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_synced gauge
pgrepl_slot_synced{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_sync_age_seconds gauge
pgrepl_slot_sync_age_seconds{server="p",slot_name="cdc",slot_type="logical"} 2.5
)");
}

TEST(SlotsTest, SlotThatNeverReservedWalHasNoSafeSize) {
  EXPECT_EQ(Slots({.safe_wal_size = "104857600"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="s1",slot_type="physical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
)");
}

TEST(SlotsTest, UnknownStatesAreOther) {
  EXPECT_EQ(WithoutCounts(Exposition(
                CollectorId::kSlots,
                RowsOf({{.wal_status = "endangered", .invalidation_reason = "boredom"}}))),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="s1",slot_type="physical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="reserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="extended"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="unreserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="lost"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="other"} 1
# TYPE pgrepl_slot_invalidation_reason gauge
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="none"} 0
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="wal_removed"} 0
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="rows_removed"} 0
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="wal_level_insufficient"} 0
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="idle_timeout"} 0
pgrepl_slot_invalidation_reason{server="p",slot_name="s1",slot_type="physical",reason="other"} 1
)");
}

// Two values that were not read at one moment may cross.
TEST(SlotsTest, DistancesAndAgesAreNeverNegative) {
  EXPECT_EQ(Slots({.name = "cdc",
                   .type = "logical",
                   .active = "t",
                   .behind = "-8",
                   .unconfirmed = "-16",
                   .inactive = "-0.001"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="cdc",slot_type="logical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
)");
}

TEST(SlotsTest, NullsAndHostileTextCostNoMoreThanTheirOwnSamples) {
  EXPECT_EQ(Slots({.name = "a\"\\\nb\xff",
                   .type = kNull,
                   .plugin = "p\"",
                   .temporary = kNull,
                   .active = kNull,
                   .behind = "NaN",
                   .unconfirmed = "many",
                   .consumed = "nowhere",
                   .xmin = "old",
                   .safe_wal_size = "1",
                   .two_phase = "maybe",
                   .inactive = "Infinity"}),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{server="p",slot_name="a\"\\\nb?",slot_type="",plugin="p\"",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="a\"\\\nb?",slot_type=""} 0
)");
}

// The order of what cluster/ remembers is the fact's, temporary ones included.
TEST(SlotsTest, IdlenessIsRememberedWhereTheServerDoesNotTellIt) {
  const auto fact = Decode(CollectorId::kSlots,
                           RowsOf({{.name = "a"}, {.name = "t", .temporary = "t"}, {.name = "b"}}));
  ServerView server{.slot_inactive_seconds = {60, 1, std::nullopt}};
  server.facts[static_cast<std::size_t>(CollectorId::kSlots)] = fact->get();
  EXPECT_EQ(WithoutCounts(Exposition(CollectorId::kSlots, server)),
            R"(# TYPE pgrepl_slot_info gauge
pgrepl_slot_info{slot_name="a",slot_type="physical",plugin="",database=""} 1
pgrepl_slot_info{slot_name="b",slot_type="physical",plugin="",database=""} 1
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{slot_name="a",slot_type="physical"} 0
pgrepl_slot_active{slot_name="b",slot_type="physical"} 0
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{slot_name="a",slot_type="physical"} 60
)");
}

TEST(SlotsTest, ConsumedUpToAPosition) {
  EXPECT_EQ(FactOf({.consumed = "16/B374D848"}).slots[0].consumed, Lsn::Parse("16/B374D848"));
  EXPECT_EQ(FactOf({}).slots[0].consumed, std::nullopt);
}

TEST(SlotsTest, CountsByTypeAndListsNoTemporaryOne) {
  const Rows rows = RowsOf({{.name = "a", .active = "t"},
                            {.name = "pg_basebackup_7", .temporary = "t", .active = "t"},
                            {.name = "b"}});
  const std::string text = Exposition(CollectorId::kSlots, rows);
  EXPECT_TRUE(text.starts_with(R"(# TYPE pgrepl_slots gauge
pgrepl_slots{server="p",slot_type="physical",temporary="false"} 2
pgrepl_slots{server="p",slot_type="physical",temporary="true"} 1
pgrepl_slots{server="p",slot_type="logical",temporary="false"} 0
pgrepl_slots{server="p",slot_type="logical",temporary="true"} 0
# TYPE pgrepl_slot_info gauge
)")) << text;
  EXPECT_EQ(text.find("pg_basebackup"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(pgrepl_slot_active{server="p",slot_name="a",slot_type="physical"} 1
pgrepl_slot_active{server="p",slot_name="b",slot_type="physical"} 0
)"),
            std::string::npos)
      << text;
}

TEST(SlotsTest, ZeroRowsAreZeroSlots) {
  EXPECT_EQ(Exposition(CollectorId::kSlots, NoRows()),
            R"(# TYPE pgrepl_slots gauge
pgrepl_slots{server="p",slot_type="physical",temporary="false"} 0
pgrepl_slots{server="p",slot_type="physical",temporary="true"} 0
pgrepl_slots{server="p",slot_type="logical",temporary="false"} 0
pgrepl_slots{server="p",slot_type="logical",temporary="true"} 0
)");
}

}  // namespace
}  // namespace pgrepl
