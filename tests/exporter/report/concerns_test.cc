// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/concerns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Said(const ClusterView& cluster) {
  std::vector<std::string> lines;
  for (const Concern& one : ConcernsOf(cluster)) {
    lines.push_back((one.critical ? "critical " : "warning ") + one.server + ": " + one.text);
  }
  return lines;
}

/// p and s1, nothing wrong with them.
ClusterView Healthy() {
  ClusterView cluster = Example();
  cluster.servers.resize(2);
  cluster.expected_standbys = 1;
  ServerView& s1 = ServerOf(cluster, "s1");
  s1.lag->seconds = 0.4;
  s1.lag->cause = LagCause::kNone;
  return cluster;
}

TEST(ConcernsTest, NoneInHealth) { EXPECT_THAT(Said(Healthy()), IsEmpty()); }

TEST(ConcernsTest, OfABadMinuteTheWorstFirst) {
  ClusterView cluster = Example();
  cluster.expected_standbys = 4;
  ServerOf(cluster, "p").syncrep_oldest_wait_seconds = 11;
  EXPECT_THAT(Said(cluster),
              ElementsAre("critical p: a commit has waited 11 s for a synchronous standby",
                          "warning : 2 of 4 standbys are connected",
                          "warning s2: not connected (receiver_down)", "warning x: down: refused"));
}

TEST(ConcernsTest, LagCountsAgainstTheServersOwnLimitAndItsIntendedDelay) {
  ClusterView cluster = Healthy();
  LagView& lag = *ServerOf(cluster, "s1").lag;
  lag.seconds = 60;
  EXPECT_THAT(Said(cluster), IsEmpty());
  lag.seconds = 61;
  lag.cause = LagCause::kReplayPaused;
  EXPECT_THAT(Said(cluster), ElementsAre("warning s1: 61 s behind, 60 s allowed (replay_paused)"));
  lag.apply_delay = 1;
  EXPECT_THAT(Said(cluster), IsEmpty());
}

TEST(ConcernsTest, PrimariesAreAsManyAsExpected) {
  ClusterView cluster = Healthy();
  cluster.primaries = 2;
  EXPECT_THAT(Said(cluster), ElementsAre("critical : 2 primaries, 1 expected: a split brain"));
  cluster.primaries = 0;
  EXPECT_THAT(Said(cluster), ElementsAre("critical : no primary is seen"));
  ServerOf(cluster, "p").tried = false;
  EXPECT_THAT(Said(cluster), IsEmpty()) << "it was not looked for yet";
}

TEST(ConcernsTest, NobodyAnswers) {
  ClusterView cluster = Healthy();
  cluster.primaries = 0;
  for (ServerView& server : cluster.servers) {
    server.up = false;
    server.reason = UpReason::kTimeout;
  }
  EXPECT_THAT(Said(cluster),
              ElementsAre("critical : no server answers: all are down, or the way to them is",
                          "warning p: down: timeout", "warning s1: down: timeout"));
}

TEST(ConcernsTest, WithoutAStandbyAtAll) {
  ClusterView cluster = Healthy();
  ServerOf(cluster, "s1").lag->connected = false;
  EXPECT_THAT(Said(cluster), Contains("critical : 0 of 1 standbys are connected"));
}

TEST(ConcernsTest, OneThatDivergedDoesNotLagAsWell) {
  ClusterView cluster = Healthy();
  ServerView& s1 = ServerOf(cluster, "s1");
  s1.diverged = true;
  s1.lag->seconds = 1000;
  EXPECT_THAT(Said(cluster), ElementsAre("critical s1: has WAL that its cluster left behind: "
                                         "pg_rewind or a new base backup"));
}

TEST(ConcernsTest, SlotsAtRisk) {
  ClusterView cluster = Healthy();
  const SlotsFact fact{{{.name = "used", .active = true, .retained_bytes = 1e9},
                        {.name = "idle", .retained_bytes = 3 << 20},
                        {.name = "copy", .retained_bytes = 1e9, .synced = true},
                        {.name = "empty"},
                        {.name = "gone", .wal_status = "lost"},
                        {.name = "n\x1b[2J", .active = true, .wal_status = "unreserved"}}};
  ServerOf(cluster, "p").facts[static_cast<std::size_t>(CollectorId::kSlots)] = &fact;
  EXPECT_THAT(Said(cluster),
              ElementsAre("critical p: slot gone is lost",
                          "critical p: slot n?[2J loses its WAL at the next checkpoint",
                          "warning p: nobody uses slot idle, which holds back 3.0 MB"));
}

TEST(ConcernsTest, ArchivingThatFailsOnAPrimary) {
  ClusterView cluster = Healthy();
  const ArchiveFact fact{.enabled = true, .failing = true};
  const auto archive = static_cast<std::size_t>(CollectorId::kArchive);
  ServerOf(cluster, "p").facts[archive] = ServerOf(cluster, "s1").facts[archive] = &fact;
  EXPECT_THAT(Said(cluster), ElementsAre("critical p: archiving fails"));
}

}  // namespace
}  // namespace pgrepl::report
