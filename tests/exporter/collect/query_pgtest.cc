// Queries of the configuration beside what is built in.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/query.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/exporter/collect/scheduler_fixture.h"

namespace pgrepl {
namespace {

class QueryOnServersTest : public SchedulerTest {
 protected:
  // A query that gives one gauge, the column n.
  static std::shared_ptr<const Collector> QueryOf(const std::string& name, const std::string& sql,
                                                  Duration interval = 200ms) {
    return MakeCollector({.name = name,
                          .statements = {{.sql = sql}},
                          .labels = {},
                          .metrics = {{name, "n", "A number.", false}},
                          .interval = interval});
  }
};

TEST_F(QueryOnServersTest, QueryThatFailsFailsAlone) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.collectors.Add(QueryOf("app_good", "SELECT 1 AS n"));
  options.collectors.Add(QueryOf("app_slow", "SELECT 1 AS n FROM pg_sleep(60)"));
  options.collectors.Add(QueryOf("app_wrong", "SELECT 1 AS m"));
  options.collectors.Add(QueryOf("app_last", "SELECT 2 AS n"));
  Watch({options});
  std::atomic<bool> was_down = false;
  const ServerSnapshotPtr snapshot = published_.WaitFor(0, [&](const ServerSnapshot& now) {
    was_down = was_down || !now.up;
    return std::all_of(now.facts.begin() + kCollectorCount, now.facts.end(),
                       [](const CollectedFact& fact) { return fact.run.ran; });
  });
  ASSERT_TRUE(snapshot);
  std::vector<bool> successes;
  for (std::size_t i = kCollectorCount; i < snapshot->facts.size(); ++i) {
    successes.push_back(snapshot->facts[i].run.success);
    EXPECT_EQ(snapshot->facts[i].fact != nullptr, successes.back());
  }
  EXPECT_THAT(successes, testing::ElementsAre(true, false, false, true));
  EXPECT_FALSE(was_down);
  EXPECT_TRUE(Succeeded(*snapshot, CollectorId::kLag));
  EXPECT_EQ(connections_, 1);
}

// What takes more than its time would cost a pulse each time.
TEST_F(QueryOnServersTest, QueryThatFailedWaitsForAMinute) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.collectors.Add(QueryOf("app_slow", "SELECT 1 AS n FROM pg_sleep(60)"));
  options.collectors.Add(QueryOf("app_good", "SELECT 1 AS n"));
  Watch({options});
  ASSERT_TRUE(published_.WaitFor(
      0, [](const ServerSnapshot& now) { return now.facts[kCollectorCount].run.ran; }));
  const ServerSnapshotPtr failed = published_.WaitFor(0, IsUp);
  ASSERT_TRUE(failed);
  const double took = failed->facts[kCollectorCount].run.duration_seconds;
  const Time later = Now() + 1s;
  const ServerSnapshotPtr last =
      published_.WaitFor(0, [&](const ServerSnapshot& now) { return now.at > later; });
  ASSERT_TRUE(last);
  EXPECT_EQ(last->facts[kCollectorCount].run.duration_seconds, took) << "of the same run";
  EXPECT_GT(last->facts[kCollectorCount + 1].at, later - 500ms);
}

TEST_F(QueryOnServersTest, QueryThatEndsItsSessionDoesSoOnce) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.collectors.Add(
      QueryOf("app_ends_its_session", "SELECT pg_terminate_backend(pg_backend_pid())::int AS n"));
  Watch({options});
  const ServerSnapshotPtr ended = published_.WaitFor(
      0, [](const ServerSnapshot& now) { return now.up && now.facts[kCollectorCount].run.ran; });
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->facts[kCollectorCount].run.success);
  const Time later = Now() + 500ms;
  ASSERT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot& now) { return now.at > later; }));
  EXPECT_EQ(connections_, 2);
}

TEST_F(QueryOnServersTest, QueriesTakeTurns) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  for (int i = 0; i < 20; ++i) {
    options.collectors.Add(QueryOf("app_" + std::to_string(i), "SELECT 1 AS n", 1ms));
  }
  Watch({options});
  // Those that are always due must not keep the others from it.
  ASSERT_TRUE(published_.WaitFor(0, [](const ServerSnapshot& now) {
    return std::all_of(now.facts.begin() + kCollectorCount, now.facts.end(),
                       [](const CollectedFact& fact) { return fact.run.success; });
  }));
}

}  // namespace
}  // namespace pgrepl
