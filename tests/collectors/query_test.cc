// SPDX-License-Identifier: Apache-2.0
#include "collectors/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "collectors/view.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Labels queue and kind; a gauge and a counter; so many series that a fifth row is one too many.
config::Query Jobs() {
  return {.name = "app_jobs",
          .statements = {{.sql = "SELECT 1 -- one"}},
          .labels = {"queue", "kind"},
          .metrics = {{"app_jobs_waiting", "waiting", "Jobs that wait.", false},
                      {"app_jobs_done_total", "done", "Jobs \\ that were\ndone.", true}},
          .interval = 10s,
          .max_series = 9};
}

config::Query WithoutLabels() {
  config::Query query = Jobs();
  query.labels.clear();
  return query;
}

std::string Page(const config::Query& query, const Rows& rows,
                 TextFormat format = TextFormat::kPrometheus) {
  const auto collector = MakeCollector(query);
  const Result<FactPtr> fact = collector->decode(*collector, rows);
  if (!fact) return "refused: " + fact.error().message + " " + fact.error().hint;
  ServerView server;
  pgrepl::Page page(collector->families);
  Samples samples(page, R"(server="p")");
  collector->emit(fact->get(), server, samples);
  return page.Render(format);
}

TEST(QueryTest, RowsBecomeSamplesOfEachMetric) {
  EXPECT_EQ(Page(Jobs(), RowsBuilder()
                             .AddRow({"mail", "bulk", "3", "1e3"})
                             .AddRow({"mail", "fast", "0.5", "2"})
                             .Build()),
            R"(# HELP app_jobs_waiting Jobs that wait.
# TYPE app_jobs_waiting gauge
app_jobs_waiting{server="p",queue="mail",kind="bulk"} 3
app_jobs_waiting{server="p",queue="mail",kind="fast"} 0.5
# HELP app_jobs_done_total Jobs \\ that were\ndone.
# TYPE app_jobs_done_total counter
app_jobs_done_total{server="p",queue="mail",kind="bulk"} 1000
app_jobs_done_total{server="p",queue="mail",kind="fast"} 2
)");
}

TEST(QueryTest, OpenMetricsNamesItsCounterWithoutTotal) {
  EXPECT_THAT(Page(Jobs(), OneRow({"a", "b", "1", "2"}), TextFormat::kOpenMetrics),
              HasSubstr("# TYPE app_jobs_done counter\napp_jobs_done_total{"));
}

TEST(QueryTest, NullIsAbsence) {
  EXPECT_EQ(Page(Jobs(), OneRow({std::nullopt, "b", std::nullopt, "2"})),
            R"(# HELP app_jobs_done_total Jobs \\ that were\ndone.
# TYPE app_jobs_done_total counter
app_jobs_done_total{server="p",queue="",kind="b"} 2
)");
}

TEST(QueryTest, NoRowsAreNoSeriesAndNoFailure) { EXPECT_EQ(Page(Jobs(), NoRows()), ""); }

TEST(QueryTest, BooleansAreNumbers) {
  EXPECT_THAT(Page(Jobs(), OneRow({"a", "b", "true", "2"})), HasSubstr("kind=\"b\"} 1\n"));
  EXPECT_THAT(Page(Jobs(), OneRow({"a", "b", "false", "2"})), HasSubstr("kind=\"b\"} 0\n"));
}

TEST(QueryTest, HostileLabelsStayLabels) {
  const std::string text =
      Page(Jobs(), OneRow({"\"} 1\n# TYPE x gauge\nx{a=\"\\", "\xff\xc0 \xed\xa0\x80", "1", "2"}));
  EXPECT_THAT(text, HasSubstr(R"(queue="\"} 1\n# TYPE x gauge\nx{a=\"\\",kind="?? ???"} 1)"));
  EXPECT_THAT(Page(Jobs(), OneRow({std::string(1000, 'a'), "b", "1", "2"})),
              HasSubstr("queue=\"" + std::string(256, 'a') + "\""));
}

TEST(QueryTest, WhatIsNoFiniteNumberIsRefused) {
  for (const char* value : {"NaN", "Infinity", "-Infinity", "", "abc", "1e999", "00:00:01", "$1.00",
                            "1 2", "0x10", "t"}) {
    EXPECT_THAT(
        Page(Jobs(),
             RowsBuilder().AddRow({"a", "b", "1", "2"}).AddRow({"a", "c", value, "2"}).Build()),
        HasSubstr("refused: column waiting is no finite number Select numbers"))
        << value;
  }
}

TEST(QueryTest, NegativeCounterIsRefused) {
  EXPECT_THAT(Page(Jobs(), OneRow({"a", "b", "-1", "-1"})),
              HasSubstr("refused: column done is negative"));
  EXPECT_THAT(Page(Jobs(), OneRow({"a", "b", "-1", "0"})), HasSubstr("kind=\"b\"} -1\n"));
}

TEST(QueryTest, RowsWithTheSameLabelsAreRefused) {
  EXPECT_THAT(
      Page(Jobs(), RowsBuilder().AddRow({"a", "b", "1", "2"}).AddRow({"a", "b", "3", "4"}).Build()),
      HasSubstr("refused: two rows have the same labels GROUP BY"));
  EXPECT_THAT(Page(WithoutLabels(), RowsBuilder().AddRow({"1", "2"}).AddRow({"3", "4"}).Build()),
              HasSubstr("refused: two rows have the same labels Without labels"));
}

// They differ in what a label can't hold, or as NULL and nothing.
TEST(QueryTest, LabelsThatOnlyBecomeTheSameAreRefused) {
  const std::string cut(300, 'a');
  const std::string longer = cut + "b";
  const std::pair<RowsBuilder::Value, RowsBuilder::Value> pairs[] = {
      {cut, longer}, {std::nullopt, ""}, {"\xfe", "\xff"}};
  for (const auto& [one, other] : pairs) {
    EXPECT_THAT(
        Page(Jobs(),
             RowsBuilder().AddRow({one, "b", "1", "2"}).AddRow({other, "b", "3", "4"}).Build()),
        HasSubstr("refused: two rows have the same labels"));
  }
}

// Joined to one text they would be the same.
TEST(QueryTest, LabelsAreComparedOneByOne) {
  EXPECT_THAT(
      Page(Jobs(),
           RowsBuilder().AddRow({"a,", "b", "1", "2"}).AddRow({"a", ",b", "3", "4"}).Build()),
      HasSubstr("queue=\"a\",kind=\",b\"} 3\n"));
}

TEST(QueryTest, SeriesAreCapped) {
  RowsBuilder rows;
  for (const char* queue : {"a", "b", "c", "d"}) rows.AddRow({queue, "b", "1", "2"});
  EXPECT_THAT(Page(Jobs(), rows.Build()), HasSubstr("queue=\"d\""));
  RowsBuilder more;
  for (const char* queue : {"a", "b", "c", "d", "e"}) more.AddRow({queue, "b", "1", "2"});
  EXPECT_EQ(Page(Jobs(), more.Build()),
            "refused: more than 9 series Group or limit the rows, or raise max_series.");
}

TEST(QueryTest, StaleFactHasNoSeries) {
  const auto collector = MakeCollector(Jobs());
  ServerView server;
  pgrepl::Page page(collector->families);
  Samples samples(page, "");
  collector->emit(nullptr, server, samples);
  EXPECT_EQ(page.Render(TextFormat::kPrometheus), "");
}

TEST(QueryTest, AsksForItsColumnsOnlyAndForOneRowTooMany) {
  EXPECT_EQ(MakeCollector(Jobs())->statements[0].sql,
            R"(SELECT left(query."queue"::text, 256), left(query."kind"::text, 256), )"
            R"(left(query."waiting"::text, 400), left(query."done"::text, 400)
  FROM (
SELECT 1 -- one
) AS query
 LIMIT 5)");
}

TEST(QueryTest, StatementsKeepRolesAndVersions) {
  config::Query query = Jobs();
  query.statements = {{.sql = "a", .role = config::QueryRole::kPrimary, .max_version = 14},
                      {.sql = "b", .role = config::QueryRole::kStandby, .min_version = 16}};
  const auto collector = MakeCollector(query);
  const auto chosen = [&](int version, Role role) {
    const Statement* statement = Choose(collector->statements, version, role);
    return statement == nullptr ? -1 : static_cast<int>(statement - collector->statements.data());
  };
  EXPECT_EQ(chosen(140099, Role::kPrimary), 0);
  EXPECT_EQ(chosen(150000, Role::kPrimary), -1);
  EXPECT_EQ(chosen(120000, Role::kStandby), -1);
  EXPECT_EQ(chosen(160000, Role::kStandby), 1);
}

TEST(QueryTest, HintsSayWhatToDo) {
  const auto collector = MakeCollector(Jobs());
  EXPECT_THAT(collector->hint("42P01"), HasSubstr("Name its schema"));
  EXPECT_THAT(collector->hint("42703"), HasSubstr("write AS"));
  EXPECT_THAT(collector->hint("42501"), HasSubstr("GRANT SELECT"));
  EXPECT_THAT(collector->hint("57014"), HasSubstr("cheaper"));
  EXPECT_THAT(collector->hint("55P03"), HasSubstr("locked"));
  EXPECT_THAT(collector->hint("40001"), HasSubstr("Replay"));
  EXPECT_THAT(collector->hint("25006"), HasSubstr("only read"));
  EXPECT_THAT(collector->hint("42601"), HasSubstr("one SELECT"));
  EXPECT_EQ(collector->hint("22012"), "");
}

TEST(QueryTest, RunsAloneAndLeavesNothingBehind) {
  const auto collector = MakeCollector(Jobs());
  EXPECT_EQ(collector->cadence, Cadence::kSlow);
  EXPECT_EQ(collector->interval, 10s);
  EXPECT_TRUE(collector->is_foreign);
}

}  // namespace
}  // namespace pgrepl
