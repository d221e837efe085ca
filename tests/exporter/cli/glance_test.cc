// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/glance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/report/example.h"

namespace pgrepl::cli {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// Its servers are tried at the third look.
std::vector<ClusterView> Look(int& looks) {
  std::vector<ClusterView> clusters = {report::Example()};
  if (++looks >= 3) return clusters;
  for (ServerView& server : clusters[0].servers) server.tried = false;
  return clusters;
}

Result<std::string> Glanced(const config::Command& command, int& looks) {
  return Glance(command, [&looks] { return Look(looks); });
}

TEST(GlanceTest, WaitsUntilEveryServerWasTriedAndSaysHowLongItWatched) {
  int looks = 0;
  const auto text = Glanced({.kind = config::CommandKind::kTopology, .watch = 1s}, looks);
  EXPECT_GE(looks, 4);
  EXPECT_THAT(*text, StartsWith("main\n"));
  EXPECT_THAT(*text, EndsWith("\nWatched for 1 s: a lag that began earlier is a bound.\n"));
}

TEST(GlanceTest, WhatOtherProgramsReadHasNoNote) {
  int looks = 0;
  const auto text = Glanced(
      {.kind = config::CommandKind::kTopology, .format = config::ReportFormat::kJson, .watch = 1ms},
      looks);
  EXPECT_THAT(*text, EndsWith("}\n"));
}

TEST(GlanceTest, ExplainsOneServer) {
  int looks = 0;
  EXPECT_THAT(
      *Glanced({.kind = config::CommandKind::kExplain, .server = "s1", .watch = 1ms}, looks),
      HasSubstr("s1 of main: lag 8.2 s, replay_paused"));
  EXPECT_THAT(Glanced({.kind = config::CommandKind::kExplain, .server = "s9", .watch = 1ms}, looks)
                  .error()
                  .message,
              StartsWith("unknown server 's9'; known: p, s1"));
}

TEST(GlanceTest, AnUnknownClusterIsToldAtOnce) {
  int looks = 0;
  const auto text =
      Glanced({.kind = config::CommandKind::kTopology, .cluster = "mian", .watch = 10min}, looks);
  EXPECT_EQ(text.error().message, "unknown cluster 'mian'; known: main");
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace pgrepl::cli
