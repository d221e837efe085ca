// SPDX-License-Identifier: Apache-2.0
#include "collectors/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr auto kServerIndex = static_cast<std::size_t>(CollectorId::kServer);

ServerView View() {
  ServerView server;
  server.labels = R"(server="p")";
  return server;
}

// The one-hot up_reason has fifteen lines: shown is the one that is 1.
std::string Server(const ServerView& server) {
  std::istringstream lines(Exposition(CollectorId::kServer, server));
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const bool other_reason = line.starts_with("pgrepl_up_reason") && line.ends_with(" 0");
    if (!other_reason) out += line + "\n";
  }
  return out;
}

TEST(ServerTest, DecodesEveryColumn) {
  const Result<FactPtr> decoded =
      Decode(CollectorId::kServer, OneRow({"7301234567890123456", "1700000000.5", "1700000060"}));
  ASSERT_TRUE(decoded);
  const auto& fact = *static_cast<const ServerFact*>(decoded->get());
  EXPECT_EQ(fact.system_identifier, "7301234567890123456");
  EXPECT_EQ(fact.start_time, 1700000000.5);
  EXPECT_EQ(fact.clock, 1700000060);
}

TEST(ServerTest, QueriesRunUnderTheirNames) {
  CollectorSet collectors;
  collectors.Add(std::make_shared<const Collector>(Collector{.name = "app_jobs"}));
  ServerView server = View();
  server.collectors = collectors.all();
  server.runs.push_back({.ran = true, .success = true, .duration_seconds = 0.5});
  const std::string text = Server(server);
  for (const char* line : {R"(collector_success{server="p",collector="app_jobs"} 1)",
                           R"(collector_duration_seconds{server="p",collector="app_jobs"} 0.5)"}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("\npgrepl_") + line + "\n"));
  }
}

TEST(ServerTest, UpStandby) {
  const ServerFact fact{.start_time = 1700000000.5};
  ServerView server = View();
  server.up = true;
  server.reason = UpReason::kOk;
  server.role = Role::kStandby;
  server.timeline = 3;
  server.version = "15.18";
  server.address = "10.0.0.1:5432";
  server.superuser = false;
  server.system_identifier = "7301234567890123456";
  server.role_changes = 2;
  server.clock_skew_seconds = -0.25;
  server.facts[kServerIndex] = &fact;
  server.runs[kServerIndex] = {.ran = true,
                               .success = true,
                               .duration_seconds = 0.002,
                               .last_success_timestamp = 1700000060.5};
  server.runs[static_cast<std::size_t>(CollectorId::kSlots)] = {
      .ran = true, .failure = RunFailure::kMissing, .duration_seconds = 0.003};
  EXPECT_EQ(Server(server), R"(# TYPE pgrepl_up gauge
pgrepl_up{server="p"} 1
# TYPE pgrepl_up_reason gauge
pgrepl_up_reason{server="p",reason="ok"} 1
# TYPE pgrepl_server_info gauge
pgrepl_server_info{server="p",version="15.18",system_identifier="7301234567890123456",address="10.0.0.1:5432",configured="true"} 1
# TYPE pgrepl_in_recovery gauge
pgrepl_in_recovery{server="p"} 1
# TYPE pgrepl_timeline gauge
pgrepl_timeline{server="p"} 3
# TYPE pgrepl_role_changes_total counter
pgrepl_role_changes_total{server="p"} 2
# TYPE pgrepl_server_start_timestamp_seconds gauge
pgrepl_server_start_timestamp_seconds{server="p"} 1700000000.5
# TYPE pgrepl_clock_skew_seconds gauge
pgrepl_clock_skew_seconds{server="p"} -0.25
# TYPE pgrepl_collector_success gauge
pgrepl_collector_success{server="p",collector="server"} 1
pgrepl_collector_success{server="p",collector="slots"} 0
# TYPE pgrepl_collectors_failed gauge
pgrepl_collectors_failed{server="p",reason="insufficient_privilege"} 0
pgrepl_collectors_failed{server="p",reason="missing"} 1
pgrepl_collectors_failed{server="p",reason="timeout"} 0
pgrepl_collectors_failed{server="p",reason="server_down"} 0
pgrepl_collectors_failed{server="p",reason="other"} 0
# TYPE pgrepl_privileges_ok gauge
pgrepl_privileges_ok{server="p"} 1
# TYPE pgrepl_superuser gauge
pgrepl_superuser{server="p"} 0
# TYPE pgrepl_collector_duration_seconds gauge
pgrepl_collector_duration_seconds{server="p",collector="server"} 0.002
pgrepl_collector_duration_seconds{server="p",collector="slots"} 0.003
# TYPE pgrepl_collector_last_success_timestamp_seconds gauge
pgrepl_collector_last_success_timestamp_seconds{server="p",collector="server"} 1700000060.5
)");
}

TEST(ServerTest, NeverReachedIsDownForAReasonAndHasNoRole) {
  ServerView server = View();
  server.reason = UpReason::kDns;
  EXPECT_EQ(Server(server), R"(# TYPE pgrepl_up gauge
pgrepl_up{server="p"} 0
# TYPE pgrepl_up_reason gauge
pgrepl_up_reason{server="p",reason="dns"} 1
# TYPE pgrepl_role_changes_total counter
pgrepl_role_changes_total{server="p"} 0
# TYPE pgrepl_collectors_failed gauge
pgrepl_collectors_failed{server="p",reason="insufficient_privilege"} 0
pgrepl_collectors_failed{server="p",reason="missing"} 0
pgrepl_collectors_failed{server="p",reason="timeout"} 0
pgrepl_collectors_failed{server="p",reason="server_down"} 0
pgrepl_collectors_failed{server="p",reason="other"} 0
)");
}

TEST(ServerTest, MissingRightsAreTold) {
  ServerView server = View();
  server.role = Role::kPrimary;
  CollectorRun& run = server.runs[static_cast<std::size_t>(CollectorId::kWal)];
  run = {.ran = true, .failure = RunFailure::kInsufficientPrivilege};
  using testing::HasSubstr;
  EXPECT_THAT(Server(server), HasSubstr("pgrepl_privileges_ok{server=\"p\"} 0\n"));
  EXPECT_THAT(Server(server), HasSubstr("reason=\"insufficient_privilege\"} 1\n"));
  run.failure = RunFailure::kServerDown;
  EXPECT_THAT(Server(server), HasSubstr("pgrepl_privileges_ok{server=\"p\"} 1\n"));
  EXPECT_THAT(Server(server), HasSubstr("reason=\"server_down\"} 1\n"));
}

TEST(ServerTest, EveryReasonIsASeries) {
  std::string expected = "# TYPE pgrepl_up_reason gauge\n";
  for (const std::string_view reason : kUpReasons) {
    expected += "pgrepl_up_reason{server=\"p\",reason=\"" + std::string(reason) + "\"} " +
                (reason == "tls" ? "1" : "0") + "\n";
  }
  ServerView server = View();
  server.reason = UpReason::kTls;
  EXPECT_NE(Exposition(CollectorId::kServer, server).find(expected), std::string::npos);
}

// Nobody connects to it, so whether it is up is not known.
TEST(ServerTest, StandbyThatIsNotConfiguredIsOnlyNamed) {
  ServerView server = View();
  server.configured = false;
  server.role = Role::kStandby;
  server.address = "10.0.0.3";
  EXPECT_EQ(Server(server), R"(# TYPE pgrepl_server_info gauge
pgrepl_server_info{server="p",version="",system_identifier="",address="10.0.0.3",configured="false"} 1
# TYPE pgrepl_in_recovery gauge
pgrepl_in_recovery{server="p"} 1
)");
}

TEST(ServerTest, HostileTextIsEscaped) {
  ServerView server = View();
  server.configured = false;
  server.version = "15\"\\\n";
  EXPECT_EQ(Server(server), R"(# TYPE pgrepl_server_info gauge
pgrepl_server_info{server="p",version="15\"\\\n",system_identifier="",address="",configured="false"} 1
)");
}

// Where pg_control_system() is revoked, the collector fails; NULLs alone are no time of start.
TEST(ServerTest, NullsAreNoStartTime) {
  const Result<FactPtr> fact =
      Decode(CollectorId::kServer, OneRow({std::nullopt, std::nullopt, std::nullopt}));
  ServerView server = View();
  server.configured = false;
  server.facts[kServerIndex] = fact->get();
  EXPECT_EQ(Server(server), R"(# TYPE pgrepl_server_info gauge
pgrepl_server_info{server="p",version="",system_identifier="",address="",configured="false"} 1
)");
}

TEST(ServerTest, ClusterIsCounted) {
  ClusterView cluster;
  cluster.labels = R"(pg_cluster="main")";
  cluster.expected_primaries = 1;
  cluster.expected_standbys = 2;
  EXPECT_EQ(Exposition(CollectorId::kServer, cluster), R"(# TYPE pgrepl_primaries gauge
pgrepl_primaries{pg_cluster="main"} 0
# TYPE pgrepl_expected_primaries gauge
pgrepl_expected_primaries{pg_cluster="main"} 1
# TYPE pgrepl_expected_standbys gauge
pgrepl_expected_standbys{pg_cluster="main"} 2
)");
}

TEST(ServerTest, ZeroRowsAreRefused) {
  EXPECT_EQ(Exposition(CollectorId::kServer, NoRows()), "refused: expected one row");
}

}  // namespace
}  // namespace pgrepl
