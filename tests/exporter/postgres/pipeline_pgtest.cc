// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/live_postgres.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class PipelineTest : public LivePostgresTest {
 protected:
  // The session's own process at the server.
  static std::string Pid(Connection& connection) {
    return Ask(connection, "SELECT pg_backend_pid()");
  }
};

TEST_F(PipelineTest, AnswersComeInOrder) {
  Connection connection = ConnectTo(PrimaryConninfo());
  EXPECT_THAT(Summaries(Round(connection, {{"SELECT 1"},
                                           {"SELECT 2 WHERE false"},
                                           {"SELECT n FROM generate_series(3, 5) n"},
                                           {"SELECT NULL"}})),
              ElementsAre("1 row: 1", "0 rows", "3 rows: 3", "1 row: NULL"));
}

TEST_F(PipelineTest, StatementEndsWhereItSaysSo) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const std::string_view longer = "SELECT 12";
  EXPECT_THAT(Summaries(Round(connection, {{longer.substr(0, longer.size() - 1)}})),
              ElementsAre("1 row: 1"));
}

TEST_F(PipelineTest, FailingStatementHarmsNoOther) {
  Connection connection = ConnectTo(PrimaryConninfo());
  // The second time those that could be prepared are.
  for (int time = 0; time < 2; ++time) {
    EXPECT_THAT(Summaries(Round(connection, {{"SELECT 1/0"},
                                             {"SELECT 'between'"},
                                             {"SELECT no_such_column"},
                                             {"SELECT * FROM no_such_view"},
                                             {"not SQL"},
                                             {"SELECT 'between too'"},
                                             {"SELECT no_such_function()"},
                                             {"SELECT 'last'"}})),
                ElementsAre("22012", "1 row: between", "42703", "42P01", "42601",
                            "1 row: between too", "42883", "1 row: last"));
  }
}

TEST_F(PipelineTest, ErrorIsTheServersWithoutPositionOrLine) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const auto results =
      Round(connection, {{"SELECT no_such_column"}, {"SELECT pg_ls_dir('.')"}, {"RESET ALL"}});
  EXPECT_EQ(results.at(0).error().message, "column \"no_such_column\" does not exist");
  EXPECT_EQ(results.at(0).error().hint, "");
  EXPECT_EQ(results.at(1).error().message, "permission denied for function pg_ls_dir");
  EXPECT_EQ(results.at(1).error().hint, "GRANT pg_monitor TO the exporter's role.");
  EXPECT_EQ(results.at(2).error().message, "the server answered without rows");
}

TEST_F(PipelineTest, StatementsStayPrepared) {
  Connection connection = ConnectTo(PrimaryConninfo());
  constexpr std::string_view kPrepared =
      "SELECT string_agg(statement, ', ' ORDER BY statement) FROM pg_prepared_statements "
      "WHERE statement NOT LIKE '%string_agg%'";
  for (int time = 0; time < 3; ++time) Round(connection, {{"SELECT 1"}, {"SELECT 2"}});
  EXPECT_EQ(Ask(connection, kPrepared), "SELECT 1, SELECT 2");
}

TEST_F(PipelineTest, StatementThatWasTakenAwayIsPreparedAnew) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const std::vector<Pipeline::Query> queries = {{"SELECT 1"}, {"SELECT 2"}};
  Round(connection, queries);
  Round(connection, {{"DEALLOCATE ALL"}});
  EXPECT_THAT(Summaries(Round(connection, queries)), ElementsAre("26000", "26000"));
  EXPECT_THAT(Summaries(Round(connection, queries)), ElementsAre("1 row: 1", "1 row: 2"));
}

// Whatever a statement does to its session, the next one finds it as it was.
TEST_F(PipelineTest, WhatIsRolledBackLeavesNothingBehind) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const auto rolled_back = [](std::string_view sql) {
    return Pipeline::Query{.sql = sql, .rolled_back = true};
  };
  // The second time all of it is prepared.
  for (int time = 0; time < 2; ++time) {
    EXPECT_THAT(
        Summaries(Round(connection,
                        {rolled_back("SELECT set_config('search_path', 'public', false)"),
                         {"SHOW search_path"},
                         rolled_back("SELECT set_config('transaction_read_only', 'off', false)"),
                         rolled_back("SELECT set_config('statement_timeout', '0', false)"),
                         {"SHOW statement_timeout"},
                         rolled_back("SELECT 1/0"),
                         rolled_back("not SQL"),
                         {"SELECT 1"},
                         rolled_back("SHOW transaction_read_only")})),
        ElementsAre("1 row: public", "1 row: pg_catalog", "25001", "1 row: 0", "1 row: 5s", "22012",
                    "42601", "1 row: 1", "1 row: on"));
  }
}

TEST_F(PipelineTest, WhatIsRolledBackCannotWrite) {
  Admin admin;
  admin.Execute("CREATE TABLE written (n int); GRANT ALL ON written TO public");
  admin.Execute(
      "CREATE FUNCTION write() RETURNS int LANGUAGE sql AS "
      "'INSERT INTO public.written VALUES (1) RETURNING n'");
  Connection connection = ConnectTo(PrimaryConninfo());
  // What a statement before it did to the default is gone.
  EXPECT_THAT(
      Summaries(
          Round(connection,
                {{.sql = "SELECT set_config('default_transaction_read_only', 'off', false)",
                  .rolled_back = true},
                 {.sql = "SELECT public.write()", .rolled_back = true},
                 {.sql = "INSERT INTO public.written VALUES (1) RETURNING n", .rolled_back = true},
                 {"SELECT public.write() + 1"},
                 {"SELECT count(*) FROM public.written"}})),
      ElementsAre("1 row: off", "25006", "25006", "25006", "1 row: 0"));
  admin.Execute("DROP FUNCTION write(); DROP TABLE written");
}

TEST_F(PipelineTest, ParameterIsNeverSql) {
  Connection connection = ConnectTo(PrimaryConninfo());
  constexpr std::string_view kEcho = "SELECT $1::text";
  for (const char* text : {"", "'; DROP TABLE pg_class; --", "$1", "\\", "two\nlines"}) {
    EXPECT_THAT(Summaries(Round(connection, {{kEcho, text}})),
                ElementsAre("1 row: " + std::string(text)));
  }
  EXPECT_THAT(Summaries(Round(connection, {{kEcho, "not UTF-8: \xff"}, {"SELECT 1"}})),
              ElementsAre("22021", "1 row: 1"));
}

TEST_F(PipelineTest, SlowStatementIsCutOffAndHarmsNoOther) {
  Connection connection =
      ConnectTo(PrimaryConninfo(), {.statement_timeout = 200ms, .lock_timeout = 100ms});
  const Time begin = Now();
  // The timeout counts for each, not for all of them together.
  EXPECT_THAT(Summaries(Round(connection, {{"SELECT 1"},
                                           {"SELECT 'slow' FROM pg_sleep(60)"},
                                           {"SELECT 'a' FROM pg_sleep(0.15)"},
                                           {"SELECT 'b' FROM pg_sleep(0.15)"}})),
              ElementsAre("1 row: 1", "57014", "1 row: a", "1 row: b"));
  EXPECT_LT(Now() - begin, 10s);
}

TEST_F(PipelineTest, WaitForALockIsCutOff) {
  Admin admin;
  admin.Execute("CREATE TABLE locked (); GRANT SELECT ON locked TO public");
  admin.Execute("BEGIN; LOCK TABLE locked");
  Connection connection =
      ConnectTo(PrimaryConninfo(), {.statement_timeout = 10s, .lock_timeout = 100ms});
  EXPECT_THAT(Summaries(Round(connection, {{"SELECT count(*) FROM public.locked"}, {"SELECT 1"}})),
              ElementsAre("55P03", "1 row: 1"));
  admin.Execute("ROLLBACK");
  admin.Execute("DROP TABLE locked");
}

// A scrape costs one round trip only if nothing needs to be read before all is sent.
TEST_F(PipelineTest, EverythingGoesOutInOneFlush) {
  Connection connection = ConnectTo(PrimaryConninfo());
  Pipeline pipeline(connection);
  const std::vector<Pipeline::Query> queries = {{"SELECT 1"},
                                                {"SELECT 1/0"},
                                                {"SELECT repeat('x', 1000000)"},
                                                {"SELECT no_such_column"},
                                                {"SELECT pg_advisory_lock(4711)"}};
  ASSERT_TRUE(pipeline.Send(queries));
  EXPECT_FALSE(pipeline.wants_write());
  // Nothing was read yet, and the last one has come to the server and run.
  Admin admin;
  EXPECT_TRUE(admin.WaitFor(
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted",
      "1"));
  EXPECT_EQ(Drive(connection, pipeline), Pipeline::Progress::kDone);
  EXPECT_EQ(pipeline.Take().size(), queries.size());
}

TEST_F(PipelineTest, WhatDoesNotFitIsSentAsTheServerReads) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const std::string large(20'000'000, 'x');
  Pipeline pipeline(connection);
  ASSERT_TRUE(pipeline.Send({{"SELECT pg_sleep(1)"}, {"SELECT length($1::text)", large}}));
  EXPECT_TRUE(pipeline.wants_write());
  ASSERT_EQ(Drive(connection, pipeline), Pipeline::Progress::kDone);
  EXPECT_FALSE(pipeline.wants_write());
  EXPECT_THAT(Summaries(pipeline.Take()), ElementsAre("1 row: ", "1 row: 20000000"));
}

TEST_F(PipelineTest, LargeAnswersAreReadWhole) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const auto results =
      Round(connection, {{"SELECT n, repeat('x', 1000) FROM generate_series(1, 20000) n"},
                         {"SELECT repeat('y', 10000000)"},
                         {"SELECT 'after'"}});
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0]->size(), 20000);
  EXPECT_EQ((*results[0])[19999].Integer(0), 20000);
  EXPECT_EQ((*results[0])[19999].Text(1)->size(), 1000U);
  EXPECT_EQ((*results[1])[0].Text(0)->size(), 10'000'000U);
  EXPECT_EQ(Summary(results[2]), "1 row: after");
}

TEST_F(PipelineTest, NoticesArePrintedNowhere) {
  Connection connection = ConnectTo(PrimaryConninfo());
  testing::internal::CaptureStderr();
  Round(connection, {{"DO 'BEGIN RAISE WARNING ''noise''; END'"}, {"SELECT 1"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(PipelineTest, SessionEndedInTheMiddleOfARoundIsBroken) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const std::string pid = Pid(connection);
  Pipeline pipeline(connection);
  ASSERT_TRUE(pipeline.Send({{"SELECT 1"}, {"SELECT pg_sleep(4)"}, {"SELECT 2"}}));
  EXPECT_EQ(Drive(connection, pipeline, 50ms), Pipeline::Progress::kWaiting);
  Admin().Execute("SELECT pg_terminate_backend(" + pid + ")");
  EXPECT_EQ(Drive(connection, pipeline), Pipeline::Progress::kBroken);
  EXPECT_TRUE(connection.broken());
  EXPECT_THAT(pipeline.error(), testing::HasSubstr("server closed the connection unexpectedly"));
  EXPECT_THAT(pipeline.error(), testing::Not(testing::HasSubstr("\n")));
}

TEST_F(PipelineTest, SessionEndedWhileIdleIsBroken) {
  Connection connection = ConnectTo(PrimaryConninfo());
  Admin().Execute("SELECT pg_terminate_backend(" + Pid(connection) + ")");
  // The owner polls the socket in between rounds as well. First come the server's last words.
  Pipeline watching(connection);
  EXPECT_EQ(Drive(connection, watching), Pipeline::Progress::kDone);
  EXPECT_EQ(Drive(connection, watching), Pipeline::Progress::kBroken);
  EXPECT_FALSE(Pipeline(connection).Send({{"SELECT 1"}}));
}

TEST_F(PipelineTest, SettingsThatChangeWhileIdleBreakNothing) {
  Connection connection = ConnectTo(PrimaryConninfo());
  Admin admin;
  // The server tells every session the new value of this one unasked.
  admin.Execute("ALTER SYSTEM SET TimeZone = 'Asia/Kathmandu'");
  admin.Execute("SELECT pg_reload_conf()");
  EXPECT_TRUE(admin.WaitFor("SHOW TimeZone", "Asia/Kathmandu"));
  EXPECT_EQ(Ask(connection, "SELECT 1"), "1");
  admin.Execute("ALTER SYSTEM RESET TimeZone");
  admin.Execute("SELECT pg_reload_conf()");
}

// The last: it takes the primary down for a moment.
TEST_F(PipelineTest, ServerKilledInTheMiddleOfARoundIsBroken) {
  Connection connection = ConnectTo(PrimaryConninfo());
  const pid_t pid = std::stoi(Pid(connection));
  Pipeline pipeline(connection);
  ASSERT_TRUE(pipeline.Send({{"SELECT 1"}, {"SELECT pg_sleep(4)"}}));
  EXPECT_EQ(Drive(connection, pipeline, 50ms), Pipeline::Progress::kWaiting);
  Admin admin;
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  EXPECT_EQ(Drive(connection, pipeline), Pipeline::Progress::kBroken);
  EXPECT_TRUE(
      admin.WaitFor("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1"));
}

}  // namespace
}  // namespace pgrepl
