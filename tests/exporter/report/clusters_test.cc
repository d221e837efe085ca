// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/clusters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using nlohmann::json;

json Told(const ClusterView& cluster) {
  return json::parse(ClustersJson({&cluster}, "1.2.3", 1764177000.5));
}

json ServerIn(const json& told, std::string_view name) {
  for (const json& server : told.at("clusters").at(0).at("servers")) {
    if (server.at("name") == name) return server;
  }
  return {};
}

TEST(ClustersJsonTest, SaysOfWhenAndByWhomItIs) {
  const json told = json::parse(ClustersJson({}, "1.2.3", 1764177000.5));
  const json expected = {{"api_version", 1},
                         {"exporter_version", "1.2.3"},
                         {"at", 1764177000.5},
                         {"clusters", json::array()}};
  EXPECT_EQ(told, expected);
}

TEST(ClustersJsonTest, HasWhatTheTopologyHas) {
  const ClusterView cluster = Example();
  const json topology = json::parse(TopologyJson({&cluster})).at("clusters").at(0);
  const json told = Told(cluster).at("clusters").at(0);
  for (const auto& [key, value] : topology.items()) {
    if (key == "servers") continue;
    EXPECT_EQ(told.at(key), value) << key;
  }
  ASSERT_EQ(told.at("servers").size(), topology.at("servers").size());
  for (std::size_t i = 0; i < topology.at("servers").size(); ++i) {
    for (const auto& [key, value] : topology.at("servers").at(i).items()) {
      EXPECT_EQ(told.at("servers").at(i).at(key), value) << key;
    }
  }
}

TEST(ClustersJsonTest, AndWhatPeopleLookAt) {
  ClusterView cluster = Example();
  const SlotsFact slots{
      {{.name = "s1", .type = "physical", .active = true, .retained_bytes = 4096}}};
  const ArchiveFact archive{.enabled = true, .last_success = 1764176990};
  ServerView& p = ServerOf(cluster, "p");
  p.version = "17.5";
  p.facts[static_cast<std::size_t>(CollectorId::kSlots)] = &slots;
  p.facts[static_cast<std::size_t>(CollectorId::kArchive)] = &archive;
  p.unarchived_seconds = 3;
  ServerOf(cluster, "s1").lag_trail = std::make_shared<const LagTrail>(LagTrail{0, 1.26F, 8});
  const json told = Told(cluster);
  const json own_slots = {{{"name", "s1"},
                           {"type", "physical"},
                           {"active", true},
                           {"wal_status", nullptr},
                           {"retained_bytes", 4096},
                           {"safe_bytes", nullptr}}};
  const json own_archive = {{"enabled", true},
                            {"failing", false},
                            {"last_success", 1764176990.0},
                            {"unarchived_seconds", 3.0}};
  const json trail = {{"step_seconds", 10.0}, {"seconds", {0.0, 1.3, 8.0}}};
  const json concern = {
      {"severity", "warning"}, {"server", "s2"}, {"text", "not connected (receiver_down)"}};
  EXPECT_EQ(ServerIn(told, "p").at("slots"), own_slots);
  EXPECT_EQ(ServerIn(told, "p").at("archive"), own_archive);
  EXPECT_EQ(ServerIn(told, "p").at("version"), "17.5");
  EXPECT_EQ(ServerIn(told, "p").at("lag_trail"), nullptr);
  EXPECT_EQ(ServerIn(told, "s1").at("lag_trail"), trail);
  EXPECT_EQ(ServerIn(told, "s1").at("candidacy"), "paused");
  EXPECT_EQ(ServerIn(told, "x").at("hint"), Hint(UpReason::kRefused));
  EXPECT_EQ(told.at("clusters").at(0).at("concerns").at(0), concern);
}

// What a server could send to end a string or a script, or to break UTF-8.
TEST(ClustersJsonTest, HostileNamesAreText) {
  ClusterView cluster = Example();
  cluster.servers[1].name = "</script><script>alert(1)</script>\"\\\xff";
  const json told = Told(cluster);
  EXPECT_EQ(told.at("clusters").at(0).at("servers").size(), 5U);
}

}  // namespace
}  // namespace pgrepl::report
