// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/health_checks.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/report/routed.h"

namespace pgrepl::http {
namespace {

using report::Routed;
using report::ServerOf;

class HealthChecksTest : public testing::Test {
 protected:
  std::string Primary(const std::string& query) {
    return Say(PrimaryCheck(views_, {.path = "/primary", .query = query, .accept = ""}));
  }
  std::string Standby(const std::string& query) {
    return Say(StandbyCheck(views_, {.path = "/standby", .query = query, .accept = ""}));
  }
  static std::string Say(const Response& response) {
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(response.body.find('\n'), response.body.size() - 1) << "one line";
    return std::to_string(response.status) + " " + response.body;
  }

  std::vector<ClusterView> clusters_ = {Routed()};
  std::string asked_for_;
  const Views views_ = [this](std::string_view cluster) {
    asked_for_ = cluster;
    return clusters_;
  };
};

TEST_F(HealthChecksTest, AServerIsJudgedByItself) {
  EXPECT_EQ(Primary("server=p"), "200 p of main: primary\n");
  EXPECT_EQ(Primary("server=s1"), "503 s1 of main: its role is standby\n");
  EXPECT_EQ(Standby("server=s2&max_lag=10s"), "200 s2 of main: standby, lag 4 s\n");
  EXPECT_EQ(Standby("max_lag=500ms&server=s2&cluster=main"),
            "503 s2 of main: lag 4 s, more than 500ms\n");
  EXPECT_EQ(Standby("server=p&max_lag=1h"), "503 p of main: its role is primary\n");
}

TEST_F(HealthChecksTest, WithoutAServerTheClusterIsJudged) {
  EXPECT_EQ(Primary(""), "200 p of main: primary\n");
  EXPECT_EQ(Primary("cluster=main"), "200 p of main: primary\n");
  EXPECT_EQ(Standby("max_lag=1s"), "200 s1 of main: standby, lag 0 s\n");
  clusters_[0].primaries = 2;
  EXPECT_EQ(Primary(""), "503 main: no primary; p of main: split brain: 2 primaries\n");
}

TEST_F(HealthChecksTest, NoOtherClusterIsLookedAt) {
  Primary("server=p&cluster=main");
  EXPECT_EQ(asked_for_, "main");
  Standby("max_lag=1s&cluster=main");
  EXPECT_EQ(asked_for_, "main");
  Primary("server=p");
  EXPECT_EQ(asked_for_, "");
}

TEST_F(HealthChecksTest, SaysWhatToWrite) {
  EXPECT_EQ(Standby("server=s1"), "400 how far behind may it be? /standby?max_lag=10s\n");
  EXPECT_EQ(Standby("max_lag="),
            "400 parameter max_lag has no value; known: max_lag, cluster, server\n");
  EXPECT_EQ(Standby("max_lag=10"), "400 max_lag: 10 has no unit; write 10s, 10ms or 10m\n");
  EXPECT_EQ(Standby("max_lag=-1s"),
            "400 max_lag: '-1s' is not a duration; write one like 500ms, 60s, 5m, 1h or 2d\n");
  EXPECT_EQ(Standby("max_lag=99999999999999999999d"),
            "400 max_lag: '99999999999999999999d' is out of range; write 0ms to 30d\n");
  EXPECT_EQ(Standby("max_lag=1s&max_lag=2s"),
            "400 parameter max_lag comes twice; known: max_lag, cluster, server\n");
  EXPECT_EQ(Standby("lag=1s"), "400 unknown parameter 'lag'; known: max_lag, cluster, server\n");
  EXPECT_EQ(Primary("max_lag=1s"), "400 unknown parameter 'max_lag'; known: cluster, server\n");
}

TEST_F(HealthChecksTest, UnknownNamesAreNotFound) {
  EXPECT_EQ(Primary("server=s9"), "404 unknown server 's9'; known: p, s1, s2 (cluster main)\n");
  EXPECT_EQ(Primary("cluster=x"), "404 unknown cluster 'x'; known: main\n");
  EXPECT_EQ(Standby("max_lag=1s&server=p&cluster=x"), "404 unknown cluster 'x'; known: main\n");
  EXPECT_EQ(Primary("server=%3Cscript%3E%0d%0aX%3a"),
            "404 unknown server '<script>??X:'; known: p, s1, s2 (cluster main)\n");
}

TEST_F(HealthChecksTest, NamesComePercentEncoded) {
  ServerOf(clusters_[0], "p").name = "10.0.0.1:5432 & \xc3\xbc";
  EXPECT_EQ(Primary("server=10.0.0.1%3A5432%20%26%20%C3%BC"),
            "200 10.0.0.1:5432 & \xc3\xbc of main: primary\n");
}

TEST_F(HealthChecksTest, WhatSeveralClustersHaveNeedsItsCluster) {
  clusters_.push_back(Routed("b"));
  ServerOf(clusters_[1], "s2").name = "s3";
  EXPECT_EQ(Primary("server=p"),
            "400 several clusters have a server 'p'; name one with cluster=NAME: main, b\n");
  EXPECT_EQ(Primary("server=p&cluster=b"), "200 p of b: primary\n");
  EXPECT_EQ(Standby("server=s3&max_lag=10s"), "200 s3 of b: standby, lag 4 s\n");
  EXPECT_EQ(Primary("server=s3&cluster=main"),
            "404 unknown server 's3'; known: p, s1, s2 (cluster main)\n");
  EXPECT_EQ(Primary(""), "400 which cluster? add cluster=NAME: main, b\n");
  EXPECT_EQ(Standby("max_lag=1s&cluster=b"), "200 s1 of b: standby, lag 0 s\n");
}

}  // namespace
}  // namespace pgrepl::http
