// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

// Columns: checkpoint_time, its age, end of WAL minus redo_lsn, timeline_id; of a primary num_timed,
// num_requested, num_done; of a standby restartpoints_done, min_recovery_end_lsn, its distance from
// redo_lsn.
std::string Checkpoint(std::initializer_list<RowsBuilder::Value> row) {
  return Exposition(CollectorId::kCheckpoint, OneRow(row));
}

TEST(CheckpointTest, OfAPrimaryThatCountsAll) {
  EXPECT_EQ(
      Checkpoint({"1700000000", "12.5", "33554432", "3", "41", "7", "40", kNull, kNull, kNull}),
      R"(# TYPE pgrepl_last_checkpoint_timestamp_seconds gauge
pgrepl_last_checkpoint_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_last_checkpoint_age_seconds gauge
pgrepl_last_checkpoint_age_seconds{server="p"} 12.5
# TYPE pgrepl_wal_since_redo_bytes gauge
pgrepl_wal_since_redo_bytes{server="p"} 33554432
# TYPE pgrepl_checkpoint_timeline gauge
pgrepl_checkpoint_timeline{server="p"} 3
# TYPE pgrepl_checkpoints_due_total counter
pgrepl_checkpoints_due_total{server="p",cause="timed"} 41
pgrepl_checkpoints_due_total{server="p",cause="requested"} 7
# TYPE pgrepl_checkpoints_done_total counter
pgrepl_checkpoints_done_total{server="p"} 40
)");
}

TEST(CheckpointTest, OfAStandbyThatCountsWhatWasDone) {
  EXPECT_EQ(Checkpoint({"1700000000", "12.5", "33554432", "3", kNull, kNull, kNull, "9",
                        "16/B374D848", "1048576"}),
            R"(# TYPE pgrepl_last_checkpoint_timestamp_seconds gauge
pgrepl_last_checkpoint_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_last_checkpoint_age_seconds gauge
pgrepl_last_checkpoint_age_seconds{server="p"} 12.5
# TYPE pgrepl_wal_since_redo_bytes gauge
pgrepl_wal_since_redo_bytes{server="p"} 33554432
# TYPE pgrepl_checkpoint_timeline gauge
pgrepl_checkpoint_timeline{server="p"} 3
# TYPE pgrepl_restartpoints_done_total counter
pgrepl_restartpoints_done_total{server="p"} 9
# TYPE pgrepl_min_recovery_end_bytes gauge
pgrepl_min_recovery_end_bytes{server="p"} 97500059720
# TYPE pgrepl_wal_until_consistent_bytes gauge
pgrepl_wal_until_consistent_bytes{server="p"} 1048576
)");
}

// Of an older standby nothing is counted, and the end of WAL may not be known yet.
TEST(CheckpointTest, WhatIsNullIsAbsent) {
  EXPECT_EQ(
      Checkpoint({"1700000000", "12.5", kNull, "3", kNull, kNull, kNull, kNull, kNull, kNull}),
      R"(# TYPE pgrepl_last_checkpoint_timestamp_seconds gauge
pgrepl_last_checkpoint_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_last_checkpoint_age_seconds gauge
pgrepl_last_checkpoint_age_seconds{server="p"} 12.5
# TYPE pgrepl_checkpoint_timeline gauge
pgrepl_checkpoint_timeline{server="p"} 3
)");
}

// A standby's age is between two servers' clocks.
TEST(CheckpointTest, NeitherAgesNorDistancesAreBelowZero) {
  EXPECT_EQ(Checkpoint(
                {"1700000000", "-0.25", "-24", "1", kNull, kNull, kNull, kNull, "0/3000000", "-8"}),
            R"(# TYPE pgrepl_last_checkpoint_timestamp_seconds gauge
pgrepl_last_checkpoint_timestamp_seconds{server="p"} 1700000000
# TYPE pgrepl_last_checkpoint_age_seconds gauge
pgrepl_last_checkpoint_age_seconds{server="p"} 0
# TYPE pgrepl_wal_since_redo_bytes gauge
pgrepl_wal_since_redo_bytes{server="p"} 0
# TYPE pgrepl_checkpoint_timeline gauge
pgrepl_checkpoint_timeline{server="p"} 1
# TYPE pgrepl_min_recovery_end_bytes gauge
pgrepl_min_recovery_end_bytes{server="p"} 50331648
# TYPE pgrepl_wal_until_consistent_bytes gauge
pgrepl_wal_until_consistent_bytes{server="p"} 0
)");
}

TEST(CheckpointTest, WhatIsNoNumberIsAbsent) {
  EXPECT_EQ(Checkpoint({"\xff'\n{}", "x", "", "-", "NaN?", "a", "b", "c", "0-1", "d"}), "");
}

TEST(CheckpointTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kCheckpoint, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
