// SPDX-License-Identifier: Apache-2.0
#include "collectors/outlook.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"

namespace pgrepl {
namespace {

TEST(OutlookTest, OfAStandby) {
  ServerView server;
  server.labels = R"(server="s1")";
  server.candidacy = Candidacy::kBest;
  server.diverged = false;
  server.wal_margin_bytes = -16777216;
  EXPECT_EQ(Exposition(CollectorId::kOutlook, server), R"(# TYPE pgrepl_failover_candidate gauge
pgrepl_failover_candidate{server="s1",reason="different_system"} 0
pgrepl_failover_candidate{server="s1",reason="diverged"} 0
pgrepl_failover_candidate{server="s1",reason="down"} 0
pgrepl_failover_candidate{server="s1",reason="purpose"} 0
pgrepl_failover_candidate{server="s1",reason="delayed"} 0
pgrepl_failover_candidate{server="s1",reason="paused"} 0
pgrepl_failover_candidate{server="s1",reason="no_wal"} 0
pgrepl_failover_candidate{server="s1",reason="behind"} 0
pgrepl_failover_candidate{server="s1",reason="best"} 1
# TYPE pgrepl_diverged gauge
pgrepl_diverged{server="s1"} 0
# TYPE pgrepl_standby_wal_margin_bytes gauge
pgrepl_standby_wal_margin_bytes{server="s1"} -16777216
)");
}

TEST(OutlookTest, OfAPrimaryOfWhichNothingIsKnown) {
  ServerView server;
  server.labels = R"(server="p")";
  EXPECT_EQ(Exposition(CollectorId::kOutlook, server), "");
}

TEST(OutlookTest, OfAClusterThatLostItsPrimary) {
  ClusterView cluster;
  cluster.labels = R"(pg_cluster="main")";
  cluster.rpo_standby = {.known = false, .bytes = 288, .seconds = 1.5};
  EXPECT_EQ(Exposition(CollectorId::kOutlook, cluster), R"(# TYPE pgrepl_rpo_bytes gauge
pgrepl_rpo_bytes{pg_cluster="main",scope="standby"} 288
# TYPE pgrepl_rpo_seconds gauge
pgrepl_rpo_seconds{pg_cluster="main",scope="standby"} 1.5
# TYPE pgrepl_rpo_known gauge
pgrepl_rpo_known{pg_cluster="main",scope="standby"} 0
pgrepl_rpo_known{pg_cluster="main",scope="any"} 0
)");
}

}  // namespace
}  // namespace pgrepl
