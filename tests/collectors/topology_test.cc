// SPDX-License-Identifier: Apache-2.0
#include "collectors/topology.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"

namespace pgrepl {
namespace {

ServerView ServerP() {
  ServerView server;
  server.labels = R"(server="p")";
  return server;
}

TEST(TopologyTest, StandbysThatReceiveAndThatLastDid) {
  ServerView server = ServerP();
  server.edges = {{"s1", true}, {"a \"b\"", false}};
  server.ambiguous_senders = 2;
  EXPECT_EQ(Exposition(CollectorId::kTopology, server), R"(# TYPE pgrepl_edge gauge
pgrepl_edge{server="p",standby="s1"} 1
pgrepl_edge{server="p",standby="a \"b\""} 0
# TYPE pgrepl_ambiguous_senders gauge
pgrepl_ambiguous_senders{server="p"} 2
)");
}

TEST(TopologyTest, NobodyAndNoAnswer) {
  EXPECT_EQ(Exposition(CollectorId::kTopology, ServerP()), "");
}

}  // namespace
}  // namespace pgrepl
