// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// What a server could send to steer a terminal, to end a string, to break UTF-8.
constexpr const char* kHostile = "a\"\\n\x1b[2J\n|\xff";

nlohmann::json Parsed(const ClusterView& cluster) {
  return nlohmann::json::parse(TopologyJson({&cluster})).at("clusters").at(0);
}

TEST(TopologyTextTest, TellsTheTreeAndWhatStandsOutsideOfIt) {
  const ClusterView cluster = Example();
  EXPECT_EQ(TopologyText({&cluster}), R"(main
  SERVER    ROLE     STATE  LINK           SYNC   LAG    CAUSE
  p         primary  up
  |- s1     standby  up     streaming      sync   8.2 s  replay_paused
  `- s2     standby  up     not connected         8 s    receiver_down
     `- s3  standby  up     streaming      async  8.1 s  upstream_lagging

  Their place is not known:
  SERVER  ROLE     STATE          LINK  SYNC  LAG  CAUSE
  x       unknown  down: refused
  x: it was never reached, so its role isn't known

  Lost if the primary died now: 2.0 kB, 0.5 s
  A failover should choose: s2 (has most WAL); not s1 (paused)
)");
}

TEST(TopologyTextTest, BoundsAndStrangers) {
  ClusterView cluster = Example();
  ServerView& s1 = ServerOf(cluster, "s1");
  s1.lag->known = false;
  s1.lag->bound = LagBound::kAtLeast;
  ServerOf(cluster, "s2").lag->known = false;
  ServerOf(cluster, "s2").lag->bound = LagBound::kAtMost;
  s1.configured = false;
  s1.up = false;
  const std::string text = TopologyText({&cluster});
  EXPECT_THAT(text, HasSubstr("at least 8.2 s"));
  EXPECT_THAT(text, HasSubstr("at most 8 s"));
  EXPECT_THAT(text, HasSubstr("|- s1     standby  not configured  streaming"));
}

TEST(TopologyTextTest, ACandidateThatIsNotTheOneWithMostWal) {
  ClusterView cluster = Example();
  ServerOf(cluster, "s1").candidacy = Candidacy::kBest;
  ServerOf(cluster, "s2").candidacy = Candidacy::kBehind;
  ServerOf(cluster, "s2").lag->evidence.received = Lsn{0x3001000};
  EXPECT_THAT(TopologyText({&cluster}),
              HasSubstr("choose: s1 (synchronous, has 2.0 kB less WAL than "
                        "s2)\n"));
  ServerOf(cluster, "s2").candidacy = Candidacy::kDelayed;
  EXPECT_THAT(TopologyText({&cluster}),
              HasSubstr("choose: s1 (synchronous, has most WAL); not s2"));
}

TEST(TopologyTextTest, AnUpstreamThatIsNotConfigured) {
  ClusterView cluster = Example();
  cluster.servers.erase(cluster.servers.begin());
  cluster.primaries = cluster.expected_primaries = 0;
  ServerOf(cluster, "s1").upstream_address = "10.0.0.9:5432";
  ServerOf(cluster, "s2").upstream_address = "10.0.0.9:5432";
  const std::string text = TopologyText({&cluster});
  EXPECT_THAT(text, HasSubstr("  10.0.0.9:5432  unknown  not configured\n  |- s1 "));
  EXPECT_THAT(text, HasSubstr("  `- s2 "));
  EXPECT_THAT(text, HasSubstr("     `- s3 "));
}

TEST(TopologyTextTest, SendersThatFitSeveralStandbys) {
  ClusterView cluster = Example();
  ServerOf(cluster, "p").edges.clear();
  ServerOf(cluster, "p").ambiguous_senders = 2;
  ServerOf(cluster, "s1").upstream_address = "10.0.0.1:5432";
  const std::string text = TopologyText({&cluster});
  EXPECT_THAT(text, HasSubstr("  2 senders of p fit several standbys: give each standby a slot or "
                              "an application_name of its own.\n"));
  EXPECT_THAT(text, HasSubstr("  s1: senders fit several standbys equally well, see below\n"));
  EXPECT_THAT(text, Not(HasSubstr("10.0.0.1")));
  ServerOf(cluster, "p").ambiguous_senders = 1;
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("  1 sender of p fits several standbys: "));
}

TEST(TopologyTextTest, LinkThatIsHiddenFromTheRole) {
  ClusterView cluster = Example();
  ServerOf(cluster, "p").edges = {{"s2", false}};
  ServerOf(cluster, "s1").lag->streaming = false;
  ServerOf(cluster, "s1").lag->state_hidden = true;
  EXPECT_THAT(TopologyText({&cluster}),
              HasSubstr("s1: to whom it is connected is hidden from the exporter's role: GRANT it "
                        "pg_monitor\n"));
  const auto servers = Parsed(cluster).at("servers");
  const auto s1 = std::find_if(servers.begin(), servers.end(),
                               [](const auto& one) { return one.at("name") == "s1"; });
  ASSERT_NE(s1, servers.end());
  EXPECT_EQ(s1->at("connected"), true);
  EXPECT_TRUE(s1->at("streaming").is_null());
}

TEST(TopologyTextTest, PrimariesThatAreTooManyOrMissing) {
  ClusterView cluster = Example();
  cluster.primaries = 2;
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("2 PRIMARIES are seen, 1 expected: a split"));
  cluster.primaries = 0;
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("NO PRIMARY is seen, 1 expected.\n"));
}

TEST(TopologyTextTest, LossThatIsOnlyABoundOrUnknown) {
  ClusterView cluster = Example();
  cluster.rpo_standby.known = false;
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("now: at least 2.0 kB, 0.5 s (last known)\n"));
  cluster.rpo_standby = {};
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("now: unknown: no standby is known"));
  cluster.rpo_standby = {.known = true, .bytes = 0, .seconds = 0};
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("now: nothing\n"));
}

TEST(TopologyTextTest, UpstreamsInACircleAreToldOnce) {
  ClusterView cluster = Example();
  ServerOf(cluster, "p").edges = {{"s1", true}};
  ServerOf(cluster, "s3").edges = {{"s2", true}};
  const std::string text = TopologyText({&cluster});
  EXPECT_THAT(text, HasSubstr("s2: its upstreams go round in a circle\n"));
  EXPECT_EQ(Parsed(cluster).at("servers").size(), 5U);
}

TEST(TopologyTextTest, NothingFromAServerSteersTheTerminal) {
  ClusterView cluster = Example();
  ServerOf(cluster, "s3").name = kHostile;
  ServerOf(cluster, "s2").edges = {{kHostile, true}};
  EXPECT_THAT(TopologyText({&cluster}), HasSubstr("`- a\"\\n?[2J?|\xff  standby"));
}

TEST(TopologyJsonTest, IsReadBack) {
  const auto cluster = Parsed(Example());
  EXPECT_EQ(cluster.at("name"), "main");
  EXPECT_EQ(cluster.at("primaries"), 1);
  EXPECT_EQ(cluster.at("rpo").at("standby").dump(), R"({"bytes":2048,"known":true,"seconds":0.5})");
  EXPECT_TRUE(cluster.at("rpo").at("any").at("bytes").is_null());
  EXPECT_EQ(cluster.at("failover_candidate"), "s2");
  const auto& servers = cluster.at("servers");
  ASSERT_EQ(servers.size(), 5U);
  EXPECT_EQ(servers.at(0).at("role"), "primary");
  EXPECT_EQ(servers.at(0).at("standbys").dump(), R"(["s1","s2"])");
  EXPECT_TRUE(servers.at(0).at("lag").is_null());
  EXPECT_EQ(servers.at(1).at("upstream"), "p");
  EXPECT_EQ(servers.at(1).at("sync_state"), "sync");
  EXPECT_EQ(servers.at(1).at("lag").at("cause"), "replay_paused");
  EXPECT_EQ(servers.at(1).at("lag").at("bound"), "exact");
  EXPECT_EQ(servers.at(1).at("lag").at("bytes"), 2048);
  EXPECT_EQ(servers.at(2).at("connected"), false);
  EXPECT_TRUE(servers.at(4).at("role").is_null());
  EXPECT_EQ(servers.at(4).at("reason"), "refused");
  EXPECT_THAT(servers.at(4).at("unplaced").get<std::string>(), HasSubstr("never reached"));
}

TEST(TopologyJsonTest, HoldsAnyName) {
  ClusterView cluster = Example();
  ServerOf(cluster, "x").name = kHostile;
  EXPECT_EQ(Parsed(cluster).at("servers").at(4).at("name"), "a\"\\n\x1b[2J\n|\xef\xbf\xbd");
}

TEST(TopologyDotTest, DrawsNodesAndEdges) {
  const ClusterView cluster = Example();
  const std::string dot = TopologyDot({&cluster});
  EXPECT_THAT(dot, HasSubstr("    \"main/p\" [label=\"p\\nprimary, up\"];\n"));
  EXPECT_THAT(dot, HasSubstr("    \"main/p\" -> \"main/s1\" [label=\"streaming, sync\\n"
                             "8.2 s: replay_paused\"];\n"));
  EXPECT_THAT(dot, HasSubstr("not connected\\n8 s: receiver_down\", style=dashed, color=red];\n"));
  EXPECT_THAT(dot, HasSubstr("[label=\"x\\nunknown, down: refused\", color=red];\n"));
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '{'), std::count(dot.begin(), dot.end(), '}'));
}

TEST(TopologyDotTest, NoNameEndsAString) {
  ClusterView cluster = Example();
  ServerOf(cluster, "x").name = kHostile;
  EXPECT_THAT(TopologyDot({&cluster}), HasSubstr("\"main/a\\\"\\\\n?[2J?|\xff\" [label="));
}

TEST(TopologyTest, EachFormatAndSeveralClusters) {
  const ClusterView one = Example();
  ClusterView other = Example();
  other.name = "other";
  EXPECT_THAT(Topology({&one, &other}, config::ReportFormat::kText), HasSubstr("\n\nother\n"));
  EXPECT_EQ(nlohmann::json::parse(Topology({&one, &other}, config::ReportFormat::kJson))
                .at("clusters")
                .size(),
            2U);
  EXPECT_THAT(Topology({&one, &other}, config::ReportFormat::kDot),
              HasSubstr("subgraph cluster_1 {\n    label=\"other\";"));
}

}  // namespace
}  // namespace pgrepl::report
