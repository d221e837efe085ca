// Nobody is ever sent to a standby that is older than was allowed, or to what is no primary:
// routing held against the truth at every moment of each fault, without servers.
// tests/live/routing_test.py has some of them on real ones.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "exporter/report/routing.h"
#include "tests/exporter/cluster/simulation.h"

namespace pgrepl::report {
namespace {

using namespace std::chrono_literals;
using cluster::SimulatedCluster;
using cluster::SimulatedServer;

constexpr Duration kMaxLag = 5s;
constexpr double kOnePulse = 1;

const ServerView& Shown(const ClusterView& view, const std::string& name) {
  return *std::find_if(view.servers.begin(), view.servers.end(),
                       [&](const ServerView& server) { return server.name == name; });
}

class RoutingTruthTest : public testing::TestWithParam<SimulatedCluster::Order> {
 protected:
  void SetUp() override {
    cluster_.Run(30s);
    ExpectHealth();
  }

  SimulatedServer& Server(const std::string& name) { return cluster_.Server(name); }

  Verdict Primary(const std::string& name) {
    const ClusterView view = cluster_.exporter().View();
    return IsPrimary(view, Shown(view, name));
  }
  Verdict Fresh(const std::string& name) {
    const ClusterView view = cluster_.exporter().View();
    return IsFreshStandby(view, Shown(view, name), kMaxLag);
  }

  /// At each moment.
  void ExpectTruth(Duration time) {
    cluster_.Run(time, [&] {
      const ClusterView view = cluster_.exporter().View();
      int primaries = 0;
      for (const SimulatedServer& server : cluster_.servers()) {
        const Verdict fresh = IsFreshStandby(view, Shown(view, server.name), kMaxLag);
        if (fresh.yes) {
          EXPECT_LE(cluster_.Truth(server.name), Seconds(kMaxLag) + kOnePulse) << fresh.line;
        }
        const Verdict primary = IsPrimary(view, Shown(view, server.name));
        if (primary.yes) {
          EXPECT_TRUE(server.is_primary()) << primary.line;
          ++primaries;
        }
      }
      EXPECT_LE(primaries, 1);
    });
  }

  void ExpectHealth() {
    EXPECT_TRUE(Primary("p").yes) << Primary("p").line;
    for (const std::string name : {"s1", "s2", "s3"})
      EXPECT_TRUE(Fresh(name).yes) << Fresh(name).line;
  }

  SimulatedCluster cluster_{GetParam()};
};

TEST_P(RoutingTruthTest, AFaultTakesOutWhatItSpoilsAndHealthBringsItBack) {
  constexpr bool SimulatedServer::*kFaults[] = {
      &SimulatedServer::dead, &SimulatedServer::frozen,  &SimulatedServer::hidden,
      &SimulatedServer::cut,  &SimulatedServer::stalled, &SimulatedServer::paused};
  for (const auto fault : kFaults) {
    for (const std::string name : {"s1", "s2", "s3"}) {
      SCOPED_TRACE(name + ", fault " + std::to_string(&fault - kFaults));
      Server(name).*fault = true;
      ExpectTruth(15s);
      EXPECT_FALSE(Fresh(name).yes) << Fresh(name).line;
      EXPECT_TRUE(Primary("p").yes) << "it is nothing to the primary";
      Server(name).*fault = false;
      ExpectTruth(15s);
      ExpectHealth();
    }
  }
}

TEST_P(RoutingTruthTest, WithoutAPrimaryNobodyIsFreshAndNothingIsWritten) {
  for (const auto fault : {&SimulatedServer::dead, &SimulatedServer::frozen}) {
    Server("p").*fault = true;
    ExpectTruth(15s);
    EXPECT_FALSE(Primary("p").yes) << Primary("p").line;
    for (const std::string name : {"s1", "s2", "s3"})
      EXPECT_FALSE(Fresh(name).yes) << Fresh(name).line;
    Server("p").*fault = false;
    ExpectTruth(15s);
    ExpectHealth();
  }
}

TEST_P(RoutingTruthTest, APrimaryThatOnlyWeCannotReachTakesNoWritesThroughUs) {
  Server("p").hidden = true;
  ExpectTruth(15s);
  EXPECT_FALSE(Primary("p").yes);
  EXPECT_TRUE(Fresh("s1").yes) << "its receiver tells where the primary is: " << Fresh("s1").line;
}

TEST_P(RoutingTruthTest, ASplitBrainHasNoPrimaryUntilOneIsGone) {
  cluster_.Promote("s1");
  cluster_.Run(1500ms);
  ExpectTruth(10s);
  EXPECT_EQ(Primary("p").line, "p of main: split brain: 2 primaries");
  EXPECT_EQ(Primary("s1").line, "s1 of main: split brain: 2 primaries");
  Server("p").dead = true;
  cluster_.Run(5s);
  EXPECT_TRUE(Primary("s1").yes) << Primary("s1").line;
}

TEST_P(RoutingTruthTest, ANewExporterPromisesNothingThatItHasNotSeen) {
  Server("s1").paused = Server("s2").cut = true;
  ExpectTruth(15s);
  cluster_.RestartExporter();
  ExpectTruth(15s);
  EXPECT_FALSE(Fresh("s1").yes) << Fresh("s1").line;
  EXPECT_FALSE(Fresh("s2").yes) << Fresh("s2").line;
}

INSTANTIATE_TEST_SUITE_P(Orders, RoutingTruthTest,
                         testing::Values(SimulatedCluster::Order::kPrimaryFirst,
                                         SimulatedCluster::Order::kPrimaryLast));

}  // namespace
}  // namespace pgrepl::report
