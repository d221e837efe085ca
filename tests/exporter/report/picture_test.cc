// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "exporter/report/clusters.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using testing::HasSubstr;

PicturedCluster Read(const ClusterView& cluster) {
  const auto picture = ReadPicture(ClustersJson({&cluster}, "1", 5));
  EXPECT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->at, 5);
  return picture->clusters.at(0);
}

TEST(PictureTest, OfABadMinute) {
  const PicturedCluster cluster = Read(Example());
  EXPECT_EQ(cluster.name, "main");
  EXPECT_EQ(cluster.candidate, "s2");
  EXPECT_EQ(cluster.rpo_bytes, 2048);
  ASSERT_EQ(cluster.servers.size(), 5u);
  const auto& [p, s1, s2, s3, x] =
      std::tie(cluster.servers[0], cluster.servers[1], cluster.servers[2], cluster.servers[3],
               cluster.servers[4]);
  EXPECT_EQ(p.role, "primary");
  EXPECT_EQ(p.depth, 0);
  EXPECT_FALSE(p.lag);
  EXPECT_EQ(s1.link, "streaming");
  EXPECT_EQ(s1.sync_state, "sync");
  EXPECT_EQ(s1.lag->cause, "replay_paused");
  EXPECT_EQ(s2.link, "not connected");
  EXPECT_EQ(s3.depth, 2);
  EXPECT_EQ(x.state, "down: refused");
  EXPECT_EQ(cluster.concerns.size(), 2u);
}

TEST(PictureTest, SlotsArchiveAndTrail) {
  ClusterView view = Example();
  const SlotsFact slots{{{.name = "a\nb", .type = "physical", .active = true, .safe_bytes = 9}}};
  const ArchiveFact archive{.enabled = true, .failing = true};
  ServerView& p = ServerOf(view, "p");
  p.facts[static_cast<std::size_t>(CollectorId::kSlots)] = &slots;
  p.facts[static_cast<std::size_t>(CollectorId::kArchive)] = &archive;
  ServerOf(view, "s1").lag_trail = std::make_shared<const LagTrail>(LagTrail{1, 2});
  const PicturedCluster cluster = Read(view);
  ASSERT_EQ(cluster.slots.size(), 1u);
  EXPECT_EQ(cluster.slots[0].name, "a?b") << "nothing steers the terminal";
  EXPECT_EQ(cluster.slots[0].safe_bytes, 9);
  EXPECT_EQ(cluster.servers[0].archive, "failing");
  EXPECT_THAT(cluster.servers[1].trail, testing::ElementsAre(1, 2));
}

TEST(PictureTest, WhatIsNoPictureIsAnError) {
  for (
      const char* json :
      {"", "[]", "{}", R"({"at": "now", "clusters": []})",
       R"({"at": 1, "clusters": [{"name": "main", "servers": [3]}]})",
       R"({"at": 1, "clusters": [{"name": "main", "servers": [{"name": "p", "lag": {"seconds": "x"}}]}]})"}) {
    const auto picture = ReadPicture(json);
    ASSERT_FALSE(picture) << json;
    EXPECT_THAT(picture.error().message, HasSubstr("is no list of clusters"));
  }
}

}  // namespace
}  // namespace pgrepl::report
