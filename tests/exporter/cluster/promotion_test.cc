// Promotions of the fault table of docs/lag.md (S15, S17, S19), without servers.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/exporter/cluster/simulation.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr double kOnePulse = 1;

class PromotionTest : public testing::TestWithParam<SimulatedCluster::Order> {
 protected:
  void SetUp() override { cluster_.Run(30s); }

  SimulatedServer& Server(const std::string& name) { return cluster_.Server(name); }
  [[nodiscard]] ServerView Shown(const std::string& name) const {
    return cluster_.exporter().Server(name);
  }
  [[nodiscard]] int Primaries() const { return cluster_.exporter().View().primaries; }

  void ExpectTruth(const std::vector<std::string>& standbys, Duration time) {
    cluster_.Run(time, [&] {
      for (const std::string& name : standbys) {
        ASSERT_TRUE(Shown(name).lag) << name;
        EXPECT_NEAR(cluster_.Said(name), cluster_.Truth(name), kOnePulse) << name;
      }
    });
  }

  /// `from` is shut down, `to` is promoted and everybody follows it, `from` last.
  void SwitchOver(const std::string& from, const std::string& to) {
    Server(from).dead = true;
    cluster_.busy = false;
    cluster_.Run(kPulse);
    cluster_.Promote(to);
    for (const std::string name : {"p", "s1", "s2"}) {
      if (name != to && name != from) Server(name).upstream = to;
    }
    cluster_.busy = true;
    cluster_.Run(3s);
    Server(from).upstream = to;
    Server(from).forked_at.reset();
    Server(from).dead = false;
  }

  /// An old primary goes on writing what the promoted one never gets.
  void WriteOnTheOldPrimary(const std::string& name) {
    SimulatedServer& old = Server(name);
    old.wal.push_back({.end = old.Lsn() + 100, .at = cluster_.exporter().now, .commit = true});
    old.replayed = old.wal.size();
  }

  /// An exporter that has run for 10 s knows of no more.
  void ExpectABoundAfterARestart(const std::string& name) {
    cluster_.RestartExporter();
    cluster_.Run(10s);
    const LagView lag = cluster_.exporter().Lag(name);
    EXPECT_NEAR(lag.seconds, 10, kOnePulse);
    EXPECT_FALSE(lag.known);
    EXPECT_EQ(lag.bound, LagBound::kAtLeast);
  }

  SimulatedCluster cluster_{GetParam()};
};

TEST_P(PromotionTest, S15StandbyPromotedWhileThePrimaryLives) {
  Server("s3").upstream = "s1";
  cluster_.Run(5s);
  cluster_.Promote("s1");
  cluster_.written = "p";
  cluster_.Run(2s);
  EXPECT_EQ(Primaries(), 2);
  EXPECT_FALSE(Shown("s1").lag);
  EXPECT_EQ(Shown("s1").timeline, 2);
  ExpectTruth({"s2"}, 10s);
  EXPECT_EQ(cluster_.Said("s3"), 0) << "it has all that its own primary has";
  EXPECT_TRUE(Shown("s3").lag->known);
  EXPECT_EQ(Shown("s3").timeline, 2);
}

TEST_P(PromotionTest, S17SwitchoverAndBack) {
  for (const auto& [from, to] : {std::pair("p", "s1"), std::pair("s1", "p")}) {
    SwitchOver(from, to);
    cluster_.Run(2s);
    EXPECT_EQ(Primaries(), 1);
    EXPECT_FALSE(Shown(to).lag);
    EXPECT_EQ(Shown(to).role, Role::kPrimary);
    EXPECT_EQ(Shown(from).role, Role::kStandby);
    ExpectTruth({from, "s2", "s3"}, 20s);
    EXPECT_LT(cluster_.Said(from), kOnePulse);
    EXPECT_TRUE(Shown(from).lag->known);
    EXPECT_EQ(Shown("s3").timeline, Shown(to).timeline);
  }
  EXPECT_EQ(Shown("p").role_changes, 2);
  EXPECT_EQ(Shown("s1").role_changes, 2);
}

TEST_P(PromotionTest, S17NoFalseLagAtAnyMoment) {
  const auto expect_none = [&] {
    for (const std::string name : {"p", "s1", "s2", "s3"}) {
      const ServerView server = Shown(name);
      EXPECT_LT(server.lag.value_or(LagView{}).seconds, 5) << name;
      EXPECT_TRUE(server.lag || server.role == Role::kPrimary) << name;
    }
    EXPECT_LE(Primaries(), 1);
  };
  Server("p").dead = true;
  cluster_.busy = false;
  cluster_.Run(2s, expect_none);
  cluster_.Promote("s1");
  Server("s2").upstream = "s1";
  cluster_.busy = true;
  cluster_.Run(4s, expect_none);
  Server("p").upstream = "s1";
  Server("p").dead = false;
  cluster_.Run(20s, expect_none);
}

TEST_P(PromotionTest, S19OldPrimaryRepointedWithoutRewind) {
  Server("s2").upstream = "s1";  // as soon as it is promoted
  cluster_.Promote("s1");
  const Time fork = cluster_.exporter().now;
  WriteOnTheOldPrimary("p");
  cluster_.Run(5s);
  Server("p").dead = true;
  cluster_.Run(3s);
  Server("p").upstream = "s1";
  Server("p").dead = false;
  cluster_.Run(5s);
  for (int minute = 0; minute < 3; ++minute) {
    const ServerView p = Shown("p");
    EXPECT_NEAR(p.lag->seconds, Seconds(cluster_.exporter().now - fork), kOnePulse);
    EXPECT_TRUE(p.lag->known);
    EXPECT_FALSE(p.lag->connected);
    EXPECT_FALSE(p.receiver->up);
    EXPECT_FALSE(p.lag->bytes.total);
    EXPECT_EQ(Primaries(), 1);
    cluster_.Run(1min);
  }
  ExpectTruth({"s2", "s3"}, 5s);
}

TEST_P(PromotionTest, S19AForkThatTheExporterDidNotSeeIsABound) {
  cluster_.Promote("s1");
  WriteOnTheOldPrimary("p");
  Server("p").upstream = Server("s2").upstream = "s1";
  cluster_.Run(60s);
  ExpectABoundAfterARestart("p");
}

TEST_P(PromotionTest, S19AForkThatTheExporterDidNotSeeHidesNoLag) {
  cluster_.Promote("s1");
  Server("p").upstream = Server("s2").upstream = "s1";
  cluster_.Run(10s);
  Server("s2").paused = true;
  cluster_.Run(60s);
  ExpectABoundAfterARestart("s2");
  EXPECT_FALSE(Shown("s2").lag->caught_up_once);
}

INSTANTIATE_TEST_SUITE_P(EitherOrder, PromotionTest,
                         testing::Values(SimulatedCluster::Order::kPrimaryFirst,
                                         SimulatedCluster::Order::kPrimaryLast),
                         [](const auto& order) {
                           return order.param == SimulatedCluster::Order::kPrimaryFirst
                                      ? "PrimaryFirst"
                                      : "PrimaryLast";
                         });

}  // namespace
}  // namespace pgrepl::cluster
