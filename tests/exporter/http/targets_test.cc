// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/report/routed.h"

namespace pgrepl::http {
namespace {

using report::Routed;
using report::ServerOf;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

ClusterView Labelled(std::string_view name) {
  ClusterView cluster = Routed(name);
  cluster.labels = ScopeLabels({{"pg_cluster", name}});
  for (ServerView& server : cluster.servers) {
    server.labels = ScopeLabels({{"pg_cluster", name}, {"server", server.name}});
  }
  return cluster;
}

class TargetsTest : public testing::Test {
 protected:
  Response Ask(const std::string& query, const std::string& accept = "") {
    return Probe(views_, CollectorSet(), {.path = "/probe", .query = query, .accept = accept});
  }
  void ExpectRefused(const std::string& query, int status, const std::string& line) {
    const Response response = Ask(query);
    EXPECT_EQ(response.status, status) << query;
    EXPECT_EQ(response.body, line + "\n");
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  }

  std::vector<ClusterView> clusters_ = {Labelled("a"), Labelled("b")};
  std::string asked_for_;
  const Views views_ = [this](std::string_view cluster) {
    asked_for_ = cluster;
    return clusters_;
  };
};

TEST_F(TargetsTest, AClusterIsItselfAndItsServers) {
  const Response response = Ask("target=b");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("pgrepl_primaries{pg_cluster=\"b\"} 1\n"),
                    HasSubstr("pgrepl_up{pg_cluster=\"b\",server=\"p\"} 1\n"),
                    HasSubstr("pgrepl_lag_seconds{pg_cluster=\"b\",server=\"s2\"} 4\n"),
                    Not(HasSubstr("pg_cluster=\"a\""))));
  EXPECT_THAT(response.body, Not(HasSubstr("pgrepl_exporter_"))) << "they are on /metrics, once";
}

TEST_F(TargetsTest, AServerIsItselfAlone) {
  ServerOf(clusters_[0], "s1").name = "only";
  EXPECT_THAT(Ask("target=only").body,
              AllOf(HasSubstr("pgrepl_up{pg_cluster=\"a\",server=\"s1\"} 1\n"),
                    Not(HasSubstr("server=\"p\"")), Not(HasSubstr("pgrepl_primaries"))));
  EXPECT_THAT(Ask("target=p&cluster=b").body,
              AllOf(HasSubstr("pgrepl_up{pg_cluster=\"b\",server=\"p\"} 1\n"),
                    Not(HasSubstr("pg_cluster=\"a\""))));
}

TEST_F(TargetsTest, NoOtherClusterIsLookedAt) {
  Ask("target=b");
  EXPECT_EQ(asked_for_, "b");
  Ask("target=p&cluster=a");
  EXPECT_EQ(asked_for_, "a");
}

TEST_F(TargetsTest, AClusterGoesBeforeAServerOfItsName) {
  ServerOf(clusters_[0], "s1").name = "b";
  EXPECT_THAT(Ask("target=b").body, HasSubstr("pgrepl_primaries{pg_cluster=\"b\"} 1\n"));
  EXPECT_THAT(Ask("target=b&cluster=a").body, Not(HasSubstr("pgrepl_primaries")));
}

TEST_F(TargetsTest, SpeaksOpenMetricsToWhoPrefersIt) {
  for (const std::string query : {"target=a", "target=p&cluster=a"}) {
    const Response response = Ask(query, "application/openmetrics-text");
    EXPECT_THAT(response.content_type, HasSubstr("application/openmetrics-text")) << query;
    EXPECT_THAT(response.body, EndsWith("# EOF\n")) << query;
  }
}

TEST_F(TargetsTest, WhatIsNotConfiguredIsNotFound) {
  const std::string known = "known: p, s1, s2 (cluster a); p, s1, s2 (cluster b)";
  ExpectRefused("target=x", 404, "no cluster, and unknown server 'x'; " + known);
  ExpectRefused("target=%3Cscript%3E%0a", 404,
                "no cluster, and unknown server '<script>?'; " + known);
  ExpectRefused("target=host%3D10.0.0.1", 404,
                "no cluster, and unknown server (not shown); " + known);
  ExpectRefused("target=a&cluster=x", 404, "no cluster, and unknown cluster 'x'; known: a, b");
  ServerOf(clusters_[0], "s1").name = "seen";
  ServerOf(clusters_[0], "seen").configured = false;
  ExpectRefused("target=seen", 404, "server 'seen' is not configured");
}

TEST_F(TargetsTest, SaysWhatToWrite) {
  ExpectRefused("", 400, "which cluster or server? /probe?target=NAME");
  ExpectRefused("target=", 400, "parameter target has no value; known: target, cluster");
  ExpectRefused("module=x", 400, "unknown parameter 'module'; known: target, cluster");
  ExpectRefused("target=p", 400,
                "no cluster, and several clusters have a server 'p'; "
                "name one with cluster=NAME: a, b");
}

TEST_F(TargetsTest, ServiceDiscoveryListsTheClusters) {
  const Response response = ServiceDiscovery(views_, {.path = "/sd", .query = "", .accept = ""});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json") << "Prometheus insists on it";
  EXPECT_THAT(response.body, AllOf(HasSubstr("\"a\""), HasSubstr("\"b\"")));
  const Response refused = ServiceDiscovery(views_, {.path = "/sd", .query = "x=1", .accept = ""});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body, "/sd takes no parameters\n");
}

}  // namespace
}  // namespace pgrepl::http
