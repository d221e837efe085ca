// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/base/clock.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const config::Command kWait{
    .kind = config::CommandKind::kWait, .server = "s1", .max_lag = 2s, .timeout = 300ms};

Result<report::Verdict> Judged(const Result<Answer>& answer) {
  return JudgeByExporter(
      kWait, [&](const auto&, std::string_view, const Parameters&) { return answer; })();
}

TEST(WaitTest, AsksTheRouteOfTheHealthCheck) {
  std::string asked;
  Parameters with;
  const auto verdict = JudgeByExporter(
      kWait, [&](const std::string& url, std::string_view path, const Parameters& parameters) {
        asked = url + std::string(path);
        with = parameters;
        return Result<Answer>(Answer{200, "text/plain", "s1 of main: standby, lag 0 s\n"});
      })();
  EXPECT_EQ(asked, "http://127.0.0.1:9717/standby");
  EXPECT_EQ(with, (Parameters{{"server", "s1"}, {"cluster", ""}, {"max_lag", "2s"}}));
  EXPECT_TRUE(verdict->yes);
  EXPECT_EQ(verdict->line, "s1 of main: standby, lag 0 s");
}

TEST(WaitTest, ANoIsWaitedFor) {
  EXPECT_FALSE(Judged(Answer{503, "text/plain", "s1 of main: lag 9 s, more than 2s\n"})->yes);
}

TEST(WaitTest, WhatWaitingWouldNotHelpIsAnError) {
  EXPECT_EQ(Judged(Answer{404, "text/plain", "unknown server 's1'\n"}).error().message,
            "unknown server 's1'");
  EXPECT_THAT(Judged(Answer{404, "text/plain", "Not Found\n"}).error().message,
              HasSubstr("is no pg_replication_exporter"));
  EXPECT_THAT(Judged(Error{"http://127.0.0.1:9717: refused"}).error().message,
              HasSubstr("no exporter answers at"));
}

TEST(WaitTest, UntilItIsSoOrTheTimeIsOver) {
  int asked = 0;
  const auto at_the_second = [&]() -> Result<report::Verdict> {
    return report::Verdict{++asked == 2, "line"};
  };
  EXPECT_TRUE(Wait(kWait, at_the_second)->yes);
  EXPECT_EQ(asked, 2);
  const Time begin = Now();
  const auto never = [] { return Result<report::Verdict>(report::Verdict{false, "why not"}); };
  EXPECT_EQ(Wait(kWait, never)->line, "why not");
  EXPECT_GE(Now() - begin, kWait.timeout);
}

TEST(WaitTest, ByItself) {
  ClusterView cluster = report::Example();
  const auto judge = JudgeByView(kWait, [&] { return std::vector<ClusterView>{cluster}; });
  EXPECT_THAT(judge()->line, HasSubstr("s1 of main: "));
  EXPECT_FALSE(judge()->yes);
  report::ServerOf(cluster, "s1").name = "s9";
  EXPECT_THAT(judge().error().message, HasSubstr("unknown server 's1'"));
}

}  // namespace
}  // namespace pgrepl::cli
