// SPDX-License-Identifier: Apache-2.0
#include "collectors/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;
using Value = RowsBuilder::Value;

// Columns: synchronous_standby_names, synchronous_commit, we may see others, a waiter's pid,
// backend_start and xact_start.
Rows Idle(Value names, Value level) { return OneRow({names, level, "t", kNull, kNull, kNull}); }

SendersFact SendersIn(const std::vector<std::string>& sync_states) {
  SendersFact fact;
  for (const std::string& state : sync_states) fact.senders.push_back({.sync_state = state});
  return fact;
}

std::string Sync(const Rows& rows, const SendersFact* senders, std::optional<double> oldest_wait) {
  const Result<FactPtr> fact = Decode(CollectorId::kSync, rows);
  if (!fact) return "refused: " + fact.error().message;
  ServerView server{.role = Role::kPrimary};
  server.labels = R"(server="p")";
  server.syncrep_oldest_wait_seconds = oldest_wait;
  server.facts[static_cast<std::size_t>(CollectorId::kSync)] = fact->get();
  server.facts[static_cast<std::size_t>(CollectorId::kSenders)] = senders;
  return Exposition(CollectorId::kSync, server);
}

TEST(SyncTest, DecodesRequirementAndWaiters) {
  const Result<FactPtr> decoded =
      Decode(CollectorId::kSync,
             RowsBuilder()
                 .AddRow({"ANY 2 (s1, \"s-2\", s3)", "on", "t", "11", "1700000000.5", "1700000001"})
                 .AddRow({"ANY 2 (s1, \"s-2\", s3)", "on", "t", "12", "1700000002", kNull})
                 .Build());
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const SyncFact*>(decoded->get());
  EXPECT_EQ(fact.requirement, (SyncRequirement{SyncMethod::kAny, 2, {"s1", "s-2", "s3"}}));
  EXPECT_EQ(fact.commit_level, "on");
  EXPECT_THAT(fact.waiters, testing::ElementsAre(SyncWaiter{11, 1700000000.5, 1700000001},
                                                 SyncWaiter{12, 1700000002, std::nullopt}));
}

TEST(SyncTest, CommitsWait) {
  const SendersFact senders = SendersIn({"sync", "potential", "async", "potential"});
  const Rows rows =
      RowsBuilder()
          .AddRow({"FIRST 2 (s1, s2, s3)", "remote_apply", "t", "11", "1700000000", "1700000001"})
          .AddRow({"FIRST 2 (s1, s2, s3)", "remote_apply", "t", "12", "1700000000", "1700000001"})
          .Build();
  EXPECT_EQ(Sync(rows, &senders, 7.25), R"(# TYPE pgrepl_sync_required gauge
pgrepl_sync_required{server="p"} 2
# TYPE pgrepl_sync_present gauge
pgrepl_sync_present{server="p"} 1
# TYPE pgrepl_sync_candidates gauge
pgrepl_sync_candidates{server="p"} 3
# TYPE pgrepl_sync_commit_level gauge
pgrepl_sync_commit_level{server="p",level="off"} 0
pgrepl_sync_commit_level{server="p",level="local"} 0
pgrepl_sync_commit_level{server="p",level="remote_write"} 0
pgrepl_sync_commit_level{server="p",level="on"} 0
pgrepl_sync_commit_level{server="p",level="remote_apply"} 1
pgrepl_sync_commit_level{server="p",level="other"} 0
# TYPE pgrepl_syncrep_waiters gauge
pgrepl_syncrep_waiters{server="p"} 2
# TYPE pgrepl_syncrep_oldest_wait_seconds gauge
pgrepl_syncrep_oldest_wait_seconds{server="p"} 7.25
)");
}

TEST(SyncTest, NothingRequired) {
  const SendersFact senders = SendersIn({"async"});
  EXPECT_EQ(Sync(Idle("", "on"), &senders, 0), R"(# TYPE pgrepl_sync_required gauge
pgrepl_sync_required{server="p"} 0
# TYPE pgrepl_sync_present gauge
pgrepl_sync_present{server="p"} 0
# TYPE pgrepl_sync_candidates gauge
pgrepl_sync_candidates{server="p"} 0
# TYPE pgrepl_sync_commit_level gauge
pgrepl_sync_commit_level{server="p",level="off"} 0
pgrepl_sync_commit_level{server="p",level="local"} 0
pgrepl_sync_commit_level{server="p",level="remote_write"} 0
pgrepl_sync_commit_level{server="p",level="on"} 1
pgrepl_sync_commit_level{server="p",level="remote_apply"} 0
pgrepl_sync_commit_level{server="p",level="other"} 0
# TYPE pgrepl_syncrep_waiters gauge
pgrepl_syncrep_waiters{server="p"} 0
# TYPE pgrepl_syncrep_oldest_wait_seconds gauge
pgrepl_syncrep_oldest_wait_seconds{server="p"} 0
)");
}

TEST(SyncTest, UnknownSendersAreAbsentNotZeroAndUnknownLevelsAreOther) {
  EXPECT_EQ(Sync(Idle("*", "remote \"quantum\"\n"), nullptr, std::nullopt),
            R"(# TYPE pgrepl_sync_required gauge
pgrepl_sync_required{server="p"} 1
# TYPE pgrepl_sync_commit_level gauge
pgrepl_sync_commit_level{server="p",level="off"} 0
pgrepl_sync_commit_level{server="p",level="local"} 0
pgrepl_sync_commit_level{server="p",level="remote_write"} 0
pgrepl_sync_commit_level{server="p",level="on"} 0
pgrepl_sync_commit_level{server="p",level="remote_apply"} 0
pgrepl_sync_commit_level{server="p",level="other"} 1
# TYPE pgrepl_syncrep_waiters gauge
pgrepl_syncrep_waiters{server="p"} 0
)");
}

TEST(SyncTest, CommitsThatDoNotWaitRequireNobody) {
  for (const char* level : {"off", "local"}) {
    EXPECT_TRUE(Sync(Idle("2 (*)", level), nullptr, 0)
                    .starts_with("# TYPE pgrepl_sync_required gauge\n"
                                 "pgrepl_sync_required{server=\"p\"} 0\n"))
        << level;
  }
}

TEST(SyncTest, EveryOneOfAQuorumIsPresent) {
  const SendersFact senders = SendersIn({"quorum", "quorum", "quorum", "", "strange"});
  const std::string text = Sync(Idle("ANY 2 (*)", "on"), &senders, 0);
  EXPECT_THAT(text, testing::HasSubstr("pgrepl_sync_present{server=\"p\"} 3\n"));
  EXPECT_THAT(text, testing::HasSubstr("pgrepl_sync_candidates{server=\"p\"} 3\n"));
}

// Names are longer than what a label holds.
TEST(SyncTest, LongListsAreReadToTheirEnd) {
  std::string names = "ANY 3 (s0";
  for (int i = 1; i < 500; ++i) names += ", s" + std::to_string(i);
  const auto fact = Decode(CollectorId::kSync, Idle(names + ")", "on"));
  ASSERT_TRUE(fact);
  EXPECT_EQ(static_cast<const SyncFact*>(fact->get())->requirement.names.size(), 500U);
}

TEST(SyncTest, MissingRightMattersOnlyWhileSomethingIsRequired) {
  EXPECT_FALSE(HiddenOf(CollectorId::kSync, OneRow({"", "on", "f", kNull, kNull, kNull})));
  EXPECT_FALSE(HiddenOf(CollectorId::kSync, OneRow({"s1", "on", "t", kNull, kNull, kNull})));
  const auto hidden = HiddenOf(CollectorId::kSync, OneRow({"s1", "on", "f", kNull, kNull, kNull}));
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->message, "pg_stat_activity hides other sessions from this role");
  EXPECT_EQ(hidden->sqlstate, "42501");
  EXPECT_EQ(hidden->hint, "GRANT pg_monitor TO the exporter's role.");
}

TEST(SyncTest, MissingRightCostsTheWaitersAlone) {
  EXPECT_EQ(Sync(OneRow({"s1", "on", "f", kNull, kNull, kNull}), nullptr, 0),
            R"(# TYPE pgrepl_sync_required gauge
pgrepl_sync_required{server="p"} 1
# TYPE pgrepl_sync_commit_level gauge
pgrepl_sync_commit_level{server="p",level="off"} 0
pgrepl_sync_commit_level{server="p",level="local"} 0
pgrepl_sync_commit_level{server="p",level="remote_write"} 0
pgrepl_sync_commit_level{server="p",level="on"} 1
pgrepl_sync_commit_level{server="p",level="remote_apply"} 0
pgrepl_sync_commit_level{server="p",level="other"} 0
)");
}

TEST(SyncTest, WithoutAFactThereIsNothing) {
  const SendersFact senders = SendersIn({"sync"});
  ServerView server{.role = Role::kPrimary};
  server.facts[static_cast<std::size_t>(CollectorId::kSenders)] = &senders;
  EXPECT_EQ(Exposition(CollectorId::kSync, server), "");
}

TEST(SyncTest, AllNullRequiresNothing) {
  EXPECT_TRUE(Sync(OneRow({kNull, kNull, kNull, kNull, kNull, kNull}), nullptr, 0)
                  .starts_with("# TYPE pgrepl_sync_required gauge\n"
                               "pgrepl_sync_required{server=\"p\"} 0\n"));
}

TEST(SyncTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Sync(NoRows(), nullptr, 0), "refused: expected a row");
}

}  // namespace
}  // namespace pgrepl
