// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::report {
namespace {

using terminal::Line;
using terminal::Style;
using testing::HasSubstr;

PicturedCluster Lagging() {
  PicturedCluster cluster{.name = "main", .candidate = "s1"};
  cluster.primaries = cluster.expected_primaries = 1;
  cluster.rpo_known = true;
  cluster.rpo_bytes = 0;
  cluster.servers = {{.name = "p", .role = "primary", .state = "up", .archive = "ok"},
                     {.name = "s1",
                      .role = "standby",
                      .state = "up",
                      .link = "streaming",
                      .depth = 1,
                      .lag = PicturedLag{.seconds = 70, .known = true, .cause = "replay_paused"},
                      .trail = {0, 35, 70}}};
  cluster.slots = {{.server = "p",
                    .name = "s1",
                    .type = "physical",
                    .wal_status = "reserved",
                    .active = true,
                    .retained_bytes = 1024}};
  return cluster;
}

std::vector<std::string> Texts(const std::vector<Line>& lines) {
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    std::string& text = texts.emplace_back();
    for (const auto& span : line) text += span.text;
  }
  return texts;
}

TEST(ScreenTest, Lagging) {
  const auto lines = Texts(ScreenOf(Lagging(), 3661, {.columns = 90, .unicode = false}));
  EXPECT_EQ(lines[0], "main  01:01:01 UTC");
  EXPECT_EQ(lines[1], "Lost if the primary died now: nothing. To lead then: s1");
  EXPECT_EQ(lines[3], "SERVER  ROLE     STATE  LINK       SYNC  LAG   CAUSE          TREND");
  EXPECT_EQ(lines[5], "`- s1   standby  up     streaming        70 s  replay_paused  _-#");
  EXPECT_THAT(lines, testing::Contains("All is well."));
  EXPECT_THAT(lines, testing::Contains("archive of p: ok"));
  EXPECT_EQ(lines.back(), "slot s1 of p: physical, active, reserved, holds 1.0 kB");
}

TEST(ScreenTest, ATree) {
  PicturedCluster cluster = Lagging();
  cluster.servers[1].upstream = "p";
  cluster.servers.push_back({.name = "s2", .upstream = "s1", .depth = 2});
  cluster.servers.push_back({.name = "s3", .upstream = "p", .depth = 1});
  const auto lines = Texts(ScreenOf(cluster, 0, {}));
  EXPECT_THAT(lines[5], testing::StartsWith("|- s1 "));
  EXPECT_THAT(lines[6], testing::StartsWith("   `- s2 "));
  EXPECT_THAT(lines[7], testing::StartsWith("`- s3 "));
}

TEST(ScreenTest, TheSparklineTakesWhatIsLeft) {
  PicturedCluster cluster = Lagging();
  cluster.servers[1].trail.assign(500, 70);
  EXPECT_EQ(Texts(ScreenOf(cluster, 0, {.columns = 80, .unicode = false}))[5].size(), 80u);
  EXPECT_THAT(Texts(ScreenOf(cluster, 0, {.columns = 80}))[5], HasSubstr("\u2588"));
  EXPECT_THAT(Texts(ScreenOf(cluster, 0, {.columns = 30})), testing::SizeIs(11));
}

TEST(ScreenTest, WhatIsWrongIsMarked) {
  PicturedCluster cluster = Lagging();
  cluster.primaries = 2;
  cluster.concerns = {{.critical = true, .server = "", .text = "2 primaries"}};
  const auto lines = ScreenOf(cluster, 0, {});
  EXPECT_EQ(lines[1][0].style, Style::kCritical);
  EXPECT_EQ(lines[5][5].style, Style::kCritical) << "70 s of 60";
  EXPECT_EQ(lines[7][0].style, Style::kCritical);
  cluster.servers[1].lag->seconds = 0.2;
  cluster.servers[1].lag->cause.clear();
  EXPECT_EQ(ScreenOf(cluster, 0, {})[5][5].style, Style::kGood);
}

TEST(ScreenTest, WhatIsNotKnownIsNotNothing) {
  PicturedCluster cluster = Lagging();
  cluster.rpo_bytes.reset();
  cluster.candidate.clear();
  cluster.servers[1].lag->known = false;
  cluster.servers[1].lag->bound = "at_least";
  const auto lines = Texts(ScreenOf(cluster, 0, {}));
  EXPECT_EQ(lines[1], "Lost if the primary died now: not known. To lead then: nobody");
  EXPECT_THAT(lines[5], HasSubstr(">= 70 s"));
}

TEST(ScreenTest, LinesForALog) {
  EXPECT_EQ(LogLines({.at = 0, .clusters = {Lagging()}}),
            "1970-01-01T00:00:00Z main p primary up\n"
            "1970-01-01T00:00:00Z main s1 standby up, streaming, lag 70 s (replay_paused)\n");
}

}  // namespace
}  // namespace pgrepl::report
