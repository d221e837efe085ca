// SPDX-License-Identifier: Apache-2.0
#include "collectors/recovery.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

using Value = RowsBuilder::Value;
constexpr std::nullopt_t kNull = std::nullopt;

// Columns: we may see it, startup process seen, its wait_event_type and wait_event, age of the
// oldest transaction.
Rows Waiting(Value type, Value event) { return OneRow({"t", "t", type, event, "12.5"}); }

// The reason that is 1.
std::string Reason(Value type, Value event) {
  const std::string text = Exposition(CollectorId::kRecovery, Waiting(type, event));
  const auto end = text.find("\"} 1\n");
  if (end == std::string::npos) return "";
  const auto start = text.rfind('"', end - 1) + 1;
  return text.substr(start, end - start);
}

TEST(RecoveryTest, DecodesEveryColumn) {
  const Result<FactPtr> decoded =
      Decode(CollectorId::kRecovery, Waiting("IPC", "RecoveryConflictSnapshot"));
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const RecoveryFact*>(decoded->get());
  EXPECT_TRUE(fact.startup_seen);
  EXPECT_EQ(fact.wait_event_type, "IPC");
  EXPECT_EQ(fact.wait_event, "RecoveryConflictSnapshot");
  EXPECT_EQ(fact.oldest_transaction, 12.5);
}

TEST(RecoveryTest, WaitsForALock) {
  EXPECT_EQ(Exposition(CollectorId::kRecovery, Waiting("Lock", "relation")),
            R"(# TYPE pgrepl_recovery_waiting gauge
pgrepl_recovery_waiting{server="p",reason="recovery_conflict"} 0
pgrepl_recovery_waiting{server="p",reason="lock"} 1
pgrepl_recovery_waiting{server="p",reason="buffer_pin"} 0
pgrepl_recovery_waiting{server="p",reason="pause"} 0
pgrepl_recovery_waiting{server="p",reason="apply_delay"} 0
pgrepl_recovery_waiting{server="p",reason="archive"} 0
pgrepl_recovery_waiting{server="p",reason="wal"} 0
pgrepl_recovery_waiting{server="p",reason="io"} 0
pgrepl_recovery_waiting{server="p",reason="none"} 0
pgrepl_recovery_waiting{server="p",reason="other"} 0
)");
}

TEST(RecoveryTest, ReasonIsToldFromTheWaitEvent) {
  EXPECT_EQ(Reason("IPC", "RecoveryConflictSnapshot"), "recovery_conflict");
  EXPECT_EQ(Reason("IPC", "RecoveryConflictTablespace"), "recovery_conflict");
  EXPECT_EQ(Reason("BufferPin", "BufferPin"), "buffer_pin");
  EXPECT_EQ(Reason("IPC", "RecoveryPause"), "pause");
  EXPECT_EQ(Reason("Timeout", "RecoveryApplyDelay"), "apply_delay");
  EXPECT_EQ(Reason("IPC", "RestoreCommand"), "archive");
  EXPECT_EQ(Reason("Activity", "RecoveryWalStream"), "wal");
  EXPECT_EQ(Reason("Activity", "RecoveryWalAll"), "wal");
  EXPECT_EQ(Reason("Timeout", "RecoveryRetrieveRetryInterval"), "wal");
  EXPECT_EQ(Reason("IO", "DataFileRead"), "io");
}

TEST(RecoveryTest, WorkIsNoneAndWhatIsNewIsOther) {
  EXPECT_EQ(Reason(kNull, kNull), "none");
  EXPECT_EQ(Reason("LWLock", "WALWrite"), "other");
  EXPECT_EQ(Reason("Nap", "Aft\"er\nnoon\xff"), "other");
}

TEST(RecoveryTest, WithNothingToReplayItWaitsForNothing) {
  const Rows rows = OneRow({"t", kNull, kNull, kNull, kNull});
  const Result<FactPtr> decoded = Decode(CollectorId::kRecovery, rows);
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const RecoveryFact*>(decoded->get());
  EXPECT_FALSE(fact.startup_seen);
  EXPECT_EQ(fact.oldest_transaction, std::nullopt);
  EXPECT_NE(Exposition(CollectorId::kRecovery, rows).find("reason=\"none\"} 1"), std::string::npos);
}

TEST(RecoveryTest, MissingRightIsRefusedWithTheRemedy) {
  for (const Value may_see : {Value("f"), Value()}) {
    const Result<FactPtr> fact =
        Decode(CollectorId::kRecovery, OneRow({may_see, "f", kNull, kNull, kNull}));
    ASSERT_FALSE(fact);
    EXPECT_EQ(fact.error().message, "pg_stat_activity hides the startup process from this role");
    EXPECT_EQ(fact.error().sqlstate, "42501");
    EXPECT_EQ(fact.error().hint, "GRANT pg_monitor TO the exporter's role.");
  }
}

TEST(RecoveryTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kRecovery, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
