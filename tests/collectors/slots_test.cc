// SPDX-License-Identifier: Apache-2.0
#include "collectors/slots.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: slot_name, slot_type, temporary, active, bytes behind, bytes not confirmed, wal_status,
// safe_wal_size, seconds inactive.
std::string Slots(std::initializer_list<RowsBuilder::Value> row) {
  std::string text = Exposition(CollectorId::kSlots, OneRow(row));
  // The counts come first and are the same for every single slot; CountsByType has them.
  const auto first = text.find("# TYPE pgrepl_slot_");
  return first == std::string::npos ? "" : text.substr(first);
}

TEST(SlotsTest, PhysicalSlotInUse) {
  EXPECT_EQ(Slots({"s1", "physical", "f", "t", "4096", kNull, "reserved", "104857600", "0"}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 1
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="s1",slot_type="physical"} 4096
# TYPE pgrepl_slot_safe_bytes gauge
pgrepl_slot_safe_bytes{server="p",slot_name="s1",slot_type="physical"} 104857600
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="reserved"} 1
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="extended"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="unreserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="lost"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="other"} 0
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="s1",slot_type="physical"} 0
)");
}

TEST(SlotsTest, AbandonedLogicalSlotNearItsLossHasANegativeSafeSize) {
  EXPECT_EQ(Slots({"cdc", "logical", "f", "f", "9007199254740991", "8192", "unreserved",
                   "-16777216", "86400.5"}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 9007199254740991
# TYPE pgrepl_slot_safe_bytes gauge
pgrepl_slot_safe_bytes{server="p",slot_name="cdc",slot_type="logical"} -16777216
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="reserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="extended"} 0
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="unreserved"} 1
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="lost"} 0
pgrepl_slot_wal_status{server="p",slot_name="cdc",slot_type="logical",status="other"} 0
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 8192
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="cdc",slot_type="logical"} 86400.5
)");
}

// After an invalidation for its idleness restart_lsn stays; yet nothing is retained any more.
TEST(SlotsTest, LostSlotStaysWithoutRetainedBytes) {
  EXPECT_EQ(Slots({"s1", "physical", "f", "f", "4096", kNull, "lost", kNull, "60"}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="reserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="extended"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="unreserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="lost"} 1
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="other"} 0
# TYPE pgrepl_slot_inactive_seconds gauge
pgrepl_slot_inactive_seconds{server="p",slot_name="s1",slot_type="physical"} 60
)");
}

TEST(SlotsTest, SlotThatNeverReservedWalHasNoSafeSize) {
  EXPECT_EQ(Slots({"s1", "physical", "f", "f", kNull, kNull, kNull, "104857600", kNull}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
)");
}

TEST(SlotsTest, UnknownWalStatusIsOther) {
  EXPECT_EQ(Slots({"s1", "physical", "f", "f", kNull, kNull, "endangered", kNull, kNull}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="s1",slot_type="physical"} 0
# TYPE pgrepl_slot_wal_status gauge
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="reserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="extended"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="unreserved"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="lost"} 0
pgrepl_slot_wal_status{server="p",slot_name="s1",slot_type="physical",status="other"} 1
)");
}

// Two positions that were not read at one moment may cross.
TEST(SlotsTest, DistancesAreNeverNegative) {
  EXPECT_EQ(Slots({"cdc", "logical", "f", "t", "-8", "-16", kNull, kNull, kNull}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="cdc",slot_type="logical"} 1
# TYPE pgrepl_slot_retained_bytes gauge
pgrepl_slot_retained_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
# TYPE pgrepl_slot_confirmed_lag_bytes gauge
pgrepl_slot_confirmed_lag_bytes{server="p",slot_name="cdc",slot_type="logical"} 0
)");
}

TEST(SlotsTest, NullsAndHostileTextCostNoMoreThanTheirOwnSamples) {
  EXPECT_EQ(Slots({"a\"\\\nb\xff", kNull, kNull, kNull, "NaN", "many", kNull, kNull, "Infinity"}),
            R"(# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="a\"\\\nb?",slot_type=""} 0
)");
}

TEST(SlotsTest, CountsByTypeAndListsNoTemporaryOne) {
  const Rows rows =
      RowsBuilder()
          .AddRow({"a", "physical", "f", "t", kNull, kNull, kNull, kNull, kNull})
          .AddRow({"pg_basebackup_7", "physical", "t", "t", "0", kNull, "reserved", kNull, kNull})
          .AddRow({"b", "physical", "f", "f", kNull, kNull, kNull, kNull, kNull})
          .Build();
  EXPECT_EQ(Exposition(CollectorId::kSlots, rows),
            R"(# TYPE pgrepl_slots gauge
pgrepl_slots{server="p",slot_type="physical",temporary="false"} 2
pgrepl_slots{server="p",slot_type="physical",temporary="true"} 1
pgrepl_slots{server="p",slot_type="logical",temporary="false"} 0
pgrepl_slots{server="p",slot_type="logical",temporary="true"} 0
# TYPE pgrepl_slot_active gauge
pgrepl_slot_active{server="p",slot_name="a",slot_type="physical"} 1
pgrepl_slot_active{server="p",slot_name="b",slot_type="physical"} 0
)");
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
