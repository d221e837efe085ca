// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

// Columns: phase, backup_streamed, backup_total.
std::string Backups(const Rows& rows) { return Exposition(CollectorId::kBackup, rows); }

TEST(BackupTest, NoneIsZeroInEveryPhase) {
  EXPECT_EQ(Backups(NoRows()), R"(# TYPE pgrepl_base_backups gauge
pgrepl_base_backups{server="p",phase="initializing"} 0
pgrepl_base_backups{server="p",phase="waiting_for_checkpoint_to_finish"} 0
pgrepl_base_backups{server="p",phase="estimating_backup_size"} 0
pgrepl_base_backups{server="p",phase="streaming_database_files"} 0
pgrepl_base_backups{server="p",phase="waiting_for_wal_archiving_to_finish"} 0
pgrepl_base_backups{server="p",phase="transferring_wal_files"} 0
pgrepl_base_backups{server="p",phase="other"} 0
# TYPE pgrepl_base_backup_streamed_bytes gauge
pgrepl_base_backup_streamed_bytes{server="p"} 0
# TYPE pgrepl_base_backup_total_bytes gauge
pgrepl_base_backup_total_bytes{server="p"} 0
)");
}

TEST(BackupTest, BytesAreThoseOfAll) {
  EXPECT_EQ(Backups(RowsBuilder()
                        .AddRow({"streaming database files", "1000", "4000"})
                        .AddRow({"streaming database files", "20", "4000"})
                        .AddRow({"waiting for wal archiving to finish", "4096", "4096"})
                        .Build()),
            R"(# TYPE pgrepl_base_backups gauge
pgrepl_base_backups{server="p",phase="initializing"} 0
pgrepl_base_backups{server="p",phase="waiting_for_checkpoint_to_finish"} 0
pgrepl_base_backups{server="p",phase="estimating_backup_size"} 0
pgrepl_base_backups{server="p",phase="streaming_database_files"} 2
pgrepl_base_backups{server="p",phase="waiting_for_wal_archiving_to_finish"} 1
pgrepl_base_backups{server="p",phase="transferring_wal_files"} 0
pgrepl_base_backups{server="p",phase="other"} 0
# TYPE pgrepl_base_backup_streamed_bytes gauge
pgrepl_base_backup_streamed_bytes{server="p"} 5116
# TYPE pgrepl_base_backup_total_bytes gauge
pgrepl_base_backup_total_bytes{server="p"} 12096
)");
}

// pg_basebackup --no-estimate-size; one that waits for its checkpoint has none yet.
TEST(BackupTest, WithoutAnEstimateOfEachThereIsNone) {
  EXPECT_EQ(Backups(RowsBuilder()
                        .AddRow({"streaming database files", "1000", "4000"})
                        .AddRow({"waiting for checkpoint to finish", "0", std::nullopt})
                        .Build()),
            R"(# TYPE pgrepl_base_backups gauge
pgrepl_base_backups{server="p",phase="initializing"} 0
pgrepl_base_backups{server="p",phase="waiting_for_checkpoint_to_finish"} 1
pgrepl_base_backups{server="p",phase="estimating_backup_size"} 0
pgrepl_base_backups{server="p",phase="streaming_database_files"} 1
pgrepl_base_backups{server="p",phase="waiting_for_wal_archiving_to_finish"} 0
pgrepl_base_backups{server="p",phase="transferring_wal_files"} 0
pgrepl_base_backups{server="p",phase="other"} 0
# TYPE pgrepl_base_backup_streamed_bytes gauge
pgrepl_base_backup_streamed_bytes{server="p"} 1000
)");
}

// 12 tells the state of the sender and nothing more; a phase of a later major is as little known.
TEST(BackupTest, UnknownPhasesAreOther) {
  EXPECT_EQ(Backups(RowsBuilder()
                        .AddRow({"backup", std::nullopt, std::nullopt})
                        .AddRow({"\xff'\n{}", std::nullopt, std::nullopt})
                        .AddRow({"other", std::nullopt, std::nullopt})
                        .Build()),
            R"(# TYPE pgrepl_base_backups gauge
pgrepl_base_backups{server="p",phase="initializing"} 0
pgrepl_base_backups{server="p",phase="waiting_for_checkpoint_to_finish"} 0
pgrepl_base_backups{server="p",phase="estimating_backup_size"} 0
pgrepl_base_backups{server="p",phase="streaming_database_files"} 0
pgrepl_base_backups{server="p",phase="waiting_for_wal_archiving_to_finish"} 0
pgrepl_base_backups{server="p",phase="transferring_wal_files"} 0
pgrepl_base_backups{server="p",phase="other"} 3
)");
}

TEST(BackupTest, HiddenOnesAreRefusedWithTheRemedy) {
  const Result<FactPtr> fact =
      Decode(CollectorId::kBackup, OneRow({std::nullopt, std::nullopt, std::nullopt}));
  ASSERT_FALSE(fact);
  EXPECT_EQ(fact.error().sqlstate, "42501");
  EXPECT_EQ(fact.error().hint, "GRANT pg_monitor TO the exporter's role.");
}

}  // namespace
}  // namespace pgrepl
