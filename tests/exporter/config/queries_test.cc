// What good queries become; what is wrong with others stands in testdata/invalid-quer*.yml.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "exporter/config/load.h"

namespace pgrepl::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kCollectors[] = {"lag", "slots"};
constexpr const char* kCluster = "clusters: [{name: a, servers: [{name: p, conninfo: host=p}]}]\n";

Result<Config> ParseQueries(const std::string& queries) {
  return Parse("queries:\n" + queries + kCluster, "/etc/x.yml", kCollectors);
}

TEST(QueriesTest, NoneIsFine) {
  const Result<Config> config = Parse(kCluster, "/etc/x.yml", kCollectors);
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->queries.empty());
}

TEST(QueriesTest, ShortestTakesDefaults) {
  const Result<Config> config = ParseQueries(
      "- name: app_jobs\n"
      "  sql: SELECT count(*) AS app_jobs_waiting FROM app.jobs\n"
      "  metrics:\n"
      "    - {name: app_jobs_waiting, help: Jobs that wait.}\n"
      "timing: {interval: 15s}\n");
  ASSERT_TRUE(config) << config.error().message;
  const Query& query = config->queries.at(0);
  EXPECT_EQ(query.name, "app_jobs");
  EXPECT_EQ(query.interval, 15s) << "the file's own, wherever it stands";
  EXPECT_EQ(query.max_series, 100);
  EXPECT_TRUE(query.labels.empty());
  ASSERT_EQ(query.statements.size(), 1U);
  EXPECT_EQ(query.statements[0].sql, "SELECT count(*) AS app_jobs_waiting FROM app.jobs");
  EXPECT_EQ(query.statements[0].role, QueryRole::kAny);
  EXPECT_EQ(query.statements[0].min_version, std::nullopt);
  EXPECT_EQ(query.statements[0].max_version, std::nullopt);
  ASSERT_EQ(query.metrics.size(), 1U);
  EXPECT_EQ(query.metrics[0].column, "app_jobs_waiting");
  EXPECT_EQ(query.metrics[0].help, "Jobs that wait.");
  EXPECT_FALSE(query.metrics[0].is_counter);
}

TEST(QueriesTest, EveryKeyIsTaken) {
  const Result<Config> config = ParseQueries(
      "- name: app_jobs\n"
      "  role: standby\n"
      "  min_version: 13\n"
      "  max_version: 16\n"
      "  interval: 5m\n"
      "  max_series: 1000\n"
      "  clusters: [a]\n"
      "  labels: [queue, kind]\n"
      "  sql: |\n"
      "    SELECT queue, kind, done\n"
      "      FROM app.jobs;\n"
      "  metrics:\n"
      "    - name: app_jobs_done_total\n"
      "      column: done\n"
      "      type: counter\n"
      "      help: >\n"
      "        Jobs that were\n"
      "        done.\n");
  ASSERT_TRUE(config) << config.error().message;
  const Query& query = config->queries.at(0);
  EXPECT_EQ(query.statements.at(0).sql, "SELECT queue, kind, done\n  FROM app.jobs");
  EXPECT_EQ(query.statements[0].role, QueryRole::kStandby);
  EXPECT_EQ(query.statements[0].min_version, 13);
  EXPECT_EQ(query.statements[0].max_version, 16);
  EXPECT_EQ(query.interval, 5min);
  EXPECT_EQ(query.max_series, 1000);
  EXPECT_THAT(query.labels, ElementsAre("queue", "kind"));
  EXPECT_THAT(query.clusters, ElementsAre("a"));
  EXPECT_EQ(query.metrics.at(0).column, "done");
  EXPECT_EQ(query.metrics[0].help, "Jobs that were done.");
  EXPECT_TRUE(query.metrics[0].is_counter);
}

TEST(QueriesTest, StatementsByRoleAndVersionKeepTheirOrder) {
  const Result<Config> config = ParseQueries(
      "- name: app_state\n"
      "  statements:\n"
      "    - {sql: SELECT 1 AS app_state, role: primary}\n"
      "    - {sql: SELECT 2 AS app_state, min_version: 14}\n"
      "    - sql: SELECT 3 AS app_state\n"
      "  metrics: [{name: app_state, help: State.}]\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto& statements = config->queries.at(0).statements;
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_EQ(statements[0].role, QueryRole::kPrimary);
  EXPECT_EQ(statements[1].min_version, 14);
  EXPECT_EQ(statements[2].sql, "SELECT 3 AS app_state");
}

// Every block of YAML in these files that adds queries.
TEST(QueriesTest, DocumentedExamplesLoad) {
  for (const char* file : {"/README.md", "/docs/queries.md"}) {
    std::ostringstream text;
    text << std::ifstream(std::string(PGREPL_SOURCE_DIR) + file).rdbuf();
    const std::string begin = "```yaml\nqueries:\n";
    const std::size_t at = text.str().find(begin);
    ASSERT_NE(at, std::string::npos) << file;
    const std::string from = text.str().substr(at + begin.size());
    const Result<Config> config = ParseQueries(from.substr(0, from.find("```")));
    ASSERT_TRUE(config) << file << ": " << config.error().message;
    EXPECT_FALSE(config->queries.empty());
  }
}

// What the example of all keys has in comments.
TEST(QueriesTest, PackagedExampleLoads) {
  std::ifstream file(PGREPL_SOURCE_DIR "/packaging/pg_replication_exporter.yml");
  std::string text;
  bool is_of_queries = false;
  for (std::string line; std::getline(file, line);) {
    is_of_queries = line.starts_with("# queries:") || (is_of_queries && !line.empty());
    text += (is_of_queries ? line.substr(2) : line) + "\n";
  }
  const Result<Config> config = Parse(text, "/etc/x.yml", kCollectors);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->queries.size(), 2U);
}

TEST(QueriesTest, AreBoundedInNumber) {
  std::string text;
  for (int i = 0; i < 101; ++i) {
    const std::string name = "app_" + std::to_string(i);
    text += "- {name: " + name + ", sql: SELECT 1, metrics: [{name: " + name + ", help: A.}]}\n";
  }
  EXPECT_THAT(ParseQueries(text).error().message, HasSubstr("x.yml:2:1: more than 100 queries"));
  EXPECT_TRUE(ParseQueries(text.substr(0, text.find("- {name: app_100,"))));
}

}  // namespace
}  // namespace pgrepl::config
