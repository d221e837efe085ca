// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/members.h"

#include <gtest/gtest.h>

#include <fstream>

#include "exporter/config/load.h"

namespace pgrepl::config {
namespace {

using namespace std::chrono_literals;

Cluster Read(const std::string& rest) {
  const Result<Config> config = Parse(
      "defaults: {max_lag: 20s, password_file: pw}\n"
      "clusters:\n"
      "  - name: main\n"
      "    discover:\n"
      "      conninfo: user=u\n"
      "      dns: {name: pg.example.org}\n" +
          rest,
      "/etc/x.yml", {});
  EXPECT_TRUE(config) << config.error().message;
  return config->clusters.at(0);
}

TEST(MembersTest, EachIsAServerWithWhatAllHaveInCommon) {
  const Cluster cluster = WithMembers(Read(""), {{"a", "10.0.0.1", 5432}, {"b", "::1", 5433}});
  ASSERT_EQ(cluster.servers.size(), 2U);
  EXPECT_EQ(cluster.servers[0].name, "a");
  EXPECT_EQ(cluster.servers[0].conninfo, "user=u host='10.0.0.1' port=5432");
  EXPECT_EQ(cluster.servers[0].password_file, "/etc/pw");
  EXPECT_EQ(cluster.servers[0].max_lag, 20s);
  EXPECT_EQ(cluster.servers[0].where, "/etc/x.yml:5");
  EXPECT_EQ(cluster.servers[1].conninfo, "user=u host='::1' port=5433");
}

TEST(MembersTest, WhatTheFileSaysOfOneCounts) {
  const Cluster cluster = WithMembers(Read("    servers:\n"
                                           "      - {name: a, role: reporting}\n"
                                           "      - {name: b, conninfo: host=own}\n"
                                           "      - {name: not-there, max_lag: 1h}\n"),
                                      {{"a", "h", 5432}, {"b", "h", 5432}});
  ASSERT_EQ(cluster.servers.size(), 2U);
  EXPECT_EQ(cluster.servers[0].name, "b");
  EXPECT_EQ(cluster.servers[0].conninfo, "host=own");
  EXPECT_EQ(cluster.servers[1].name, "a");
  EXPECT_EQ(cluster.servers[1].max_lag, 1h) << "of a reporting standby";
  EXPECT_EQ(cluster.servers[1].conninfo, "user=u host='h' port=5432");
}

TEST(MembersTest, AHostCannotSayMoreThanAHost) {
  const Cluster cluster = WithMembers(Read(""), {{"a", "h' password='x\\", 5432}});
  EXPECT_EQ(cluster.servers[0].conninfo, R"(user=u host='h\' password=\'x\\' port=5432)");
}

// What the example of all keys has in comments.
TEST(MembersTest, PackagedExampleLoads) {
  std::ifstream file(PGREPL_SOURCE_DIR "/packaging/pg_replication_exporter.yml");
  std::string text;
  bool is_of_discovery = false;
  for (std::string line; std::getline(file, line);) {
    is_of_discovery = line.starts_with("# - name:") || (is_of_discovery && !line.empty());
    text += (is_of_discovery ? " " + line.substr(1) : line) + "\n";
  }
  const Result<Config> config = Parse(text, "/etc/x.yml", {{"slots"}});
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->clusters.at(1).discovery);
  EXPECT_EQ(config->clusters[1].discovery->patroni.size(), 2U);
  EXPECT_EQ(config->clusters[1].discovery->ca_file, "/etc/patroni-ca.crt");
  EXPECT_EQ(config->clusters[1].discovery->server.password_file, "/run/secrets/orders");
}

TEST(MembersTest, WithoutDiscoveryNothingIsFound) {
  Cluster cluster{.name = "main", .servers = {{.name = "p", .conninfo = "host=p"}}};
  EXPECT_EQ(WithMembers(cluster, {{"a", "h", 5432}}).servers.size(), 1U);
}

}  // namespace
}  // namespace pgrepl::config
