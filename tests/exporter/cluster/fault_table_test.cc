// The fault table of docs/lag.md, without servers: what is said must be the truth at every scrape.
// tests/live/lag_test.py holds real servers to the same.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/exporter/cluster/simulation.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kHeld = 20s;
constexpr double kOnePulse = 1;

class FaultTableTest : public testing::TestWithParam<SimulatedCluster::Order> {
 protected:
  void SetUp() override { cluster_.Run(30s); }

  SimulatedServer& Server(const std::string& name) { return cluster_.Server(name); }
  [[nodiscard]] LagView Lag(const std::string& name) const { return cluster_.exporter().Lag(name); }

  /// Holds each standby to the truth for this long, and all of them to their series.
  void ExpectTruth(Duration time) {
    double error = 0;
    int count = 0;
    cluster_.Run(time, [&] {
      for (const std::string name : {"s1", "s2", "s3"}) {
        const double truth = cluster_.Truth(name);
        const double said = cluster_.Said(name);
        EXPECT_NEAR(said, truth, kOnePulse) << name;
        error += std::abs(said - truth);
        ++count;
      }
    });
    EXPECT_LT(error / count, kOnePulse / 2);
  }

  /// After a fault a pulse may pass until health is seen.
  void ExpectHealth() {
    cluster_.Run(1500ms);
    ExpectTruth(5s);
    for (const std::string name : {"s1", "s2", "s3"}) {
      EXPECT_LT(cluster_.Said(name), kOnePulse) << name;
      EXPECT_TRUE(Lag(name).known) << name;
      EXPECT_TRUE(cluster_.exporter().Server(name).receiver->up) << name;
    }
    EXPECT_EQ(cluster_.exporter().View().primaries, 1);
  }

  void GoIdle() {
    cluster_.busy = false;
    cluster_.Run(5s);
  }

  void ExpectAllZero(Duration time) {
    cluster_.Run(time, [&] {
      for (const std::string name : {"s1", "s2", "s3"}) {
        EXPECT_EQ(cluster_.Said(name), 0) << name;
        EXPECT_TRUE(Lag(name).known) << name;
      }
    });
  }

  SimulatedCluster cluster_{GetParam()};
};

TEST_P(FaultTableTest, S0Healthy) {
  ExpectTruth(kHeld);
  ExpectHealth();
  for (const std::string name : {"s1", "s2", "s3"}) {
    EXPECT_TRUE(Lag(name).caught_up_once) << name;
    EXPECT_EQ(Lag(name).source, LagSource::kHistory) << name;
  }
}

TEST_P(FaultTableTest, S1PrimaryIdle) {
  GoIdle();
  ExpectAllZero(10min);
}

TEST_P(FaultTableTest, S2ReceiverDisconnected) {
  Server("s1").cut = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
  EXPECT_TRUE(Lag("s1").known);
  EXPECT_FALSE(Lag("s1").connected);
  EXPECT_FALSE(cluster_.exporter().Server("s1").receiver->up);
  EXPECT_TRUE(cluster_.exporter().Server("s1").receiver->expected);
  Server("s1").cut = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S3ReplayPaused) {
  Server("s1").paused = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
  EXPECT_TRUE(Lag("s1").connected);
  EXPECT_GT(Lag("s1").bytes.total.value(), 0);
  Server("s1").paused = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S3ReplayPausedAfterALongIdleTime) {
  GoIdle();
  cluster_.Run(10min);
  Server("s1").paused = true;
  ExpectAllZero(10s);
  cluster_.busy = true;
  ExpectTruth(kHeld);
}

TEST_P(FaultTableTest, S4ReplayPausedThenItsSenderKilled) {
  Server("s1").paused = true;
  ExpectTruth(kHeld);
  Server("s1").cut = true;
  ExpectTruth(5s);
  EXPECT_NEAR(cluster_.Said("s1"), 25, kOnePulse);
  EXPECT_FALSE(cluster_.exporter().Server("s1").receiver->expected) << "PostgreSQL starts none";
}

TEST_P(FaultTableTest, S5ReceiverFrozenTcpAlive) {
  Server("s1").stalled = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
  EXPECT_GT(cluster_.exporter().Server("s1").receiver->last_message_age_seconds.value(), 18);
  Server("s1").stalled = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S6CascadeCutAbove) {
  Server("s2").cut = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s3"), 20, kOnePulse);
  EXPECT_TRUE(cluster_.exporter().Server("s3").receiver->up);
  Server("s2").cut = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, CascadesOwnLagIsNotItsUpstreams) {
  Server("s3").replays_per_tick = 0;
  cluster_.Run(10s);
  EXPECT_EQ(Lag("s3").cause, LagCause::kReplaySlow);
  EXPECT_EQ(Lag("s2").cause, LagCause::kNone);
  Server("s3").replays_per_tick = 1000;
  ExpectHealth();
}

TEST_P(FaultTableTest, S7OneBulkTransactionThatTheStandbyKeepsUpWith) {
  cluster_.busy = false;
  for (int tick = 0; tick < 300; ++tick) {
    cluster_.Write(/*commit=*/false);
    cluster_.Run(50ms, [&] { EXPECT_LT(cluster_.Said("s1"), kOnePulse); });
  }
  cluster_.Write(/*commit=*/true);
  ExpectTruth(5s);
}

TEST_P(FaultTableTest, S8StandbyRestartedFast) {
  Server("s1").dead = true;
  ExpectTruth(3s);
  EXPECT_EQ(cluster_.exporter().Server("s1").reason, UpReason::kRefused);
  Server("s1").dead = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S8StandbyCrashedAndReplaysItsOwnWalAgain) {
  Server("s1").dead = true;
  cluster_.Run(3s);
  Server("s1").dead = false;
  Server("s1").replayed -= 400;  // 20 s of WAL
  Server("s1").replays_per_tick = 5;
  cluster_.Run(8s,
               [&] { EXPECT_LT(cluster_.Said("s1"), 12) << "never the 23 s it has to replay"; });
  Server("s1").replays_per_tick = 1000;
  ExpectHealth();
}

TEST_P(FaultTableTest, S10AllOfTheStandbysProcessesFrozen) {
  Server("s1").frozen = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
  EXPECT_FALSE(cluster_.exporter().Server("s1").up);
  EXPECT_TRUE(Lag("s1").connected) << "says its sender";
  Server("s1").frozen = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S11ReceiverCutWhileIdleThenOneWrite) {
  GoIdle();
  Server("s1").cut = true;
  ExpectAllZero(kHeld);
  EXPECT_FALSE(cluster_.exporter().Server("s1").receiver->up);
  cluster_.Write(/*commit=*/true);
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
}

TEST_P(FaultTableTest, S12LongIdleThenWrites) {
  GoIdle();
  cluster_.Run(10min);
  cluster_.busy = true;
  ExpectTruth(5s);
  EXPECT_LT(cluster_.Said("s1"), kOnePulse);
}

TEST_P(FaultTableTest, S13ExporterRestartedWhileAStandbyLags) {
  Server("s1").paused = true;
  cluster_.Run(20s);
  cluster_.RestartExporter();
  cluster_.Run(kPulse);
  double before = 0;
  cluster_.Run(kHeld, [&] {
    const LagView lag = Lag("s1");
    EXPECT_FALSE(lag.known);
    EXPECT_EQ(lag.bound, LagBound::kAtLeast);
    EXPECT_GT(lag.seconds, before) << "it grows, and is never 0";
    EXPECT_LE(lag.seconds, cluster_.Truth("s1"));
    EXPECT_FALSE(lag.caught_up_once);
    before = lag.seconds;
  });
  EXPECT_NEAR(before, 20, 1.1 * kOnePulse);
  Server("s1").paused = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S14PrimaryKilled) {
  Server("s2").paused = true;
  cluster_.Run(10s);
  Server("p").dead = true;
  cluster_.Run(2s);
  EXPECT_EQ(cluster_.exporter().View().primaries, 0);
  EXPECT_FALSE(cluster_.exporter().Server("p").lag) << "it is known to be a primary";
  for (int minute = 0; minute < 10; ++minute) {
    cluster_.Run(1min);
    EXPECT_EQ(cluster_.Said("s1"), 0) << "it has all that the primary was seen to have";
    EXPECT_NEAR(cluster_.Said("s2"), cluster_.Truth("s2"), kOnePulse);
    for (const std::string name : {"s1", "s2", "s3"}) {
      EXPECT_FALSE(Lag(name).known) << name;
      EXPECT_EQ(Lag(name).bound, LagBound::kAtLeast) << name;
    }
  }
  EXPECT_EQ(cluster_.exporter().View().primaries, 0);
  EXPECT_EQ(cluster_.exporter().View().expected_primaries, 1);
  Server("p").dead = Server("s2").paused = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S16ApplyDelay) {
  Server("s1").apply_delay = 5s;
  cluster_.Run(10s);
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 5, kOnePulse);
  EXPECT_EQ(Lag("s1").apply_delay, 5);
}

TEST_P(FaultTableTest, S18OnlyTheExporterLosesThePrimary) {
  Server("p").hidden = true;
  ExpectTruth(2 * kHeld);
  EXPECT_FALSE(cluster_.exporter().Server("p").up);
  EXPECT_EQ(cluster_.exporter().View().primaries, 1);
  for (const std::string name : {"s1", "s2", "s3"}) {
    EXPECT_TRUE(Lag(name).known) << name;
    EXPECT_EQ(Lag(name).source, LagSource::kReceiver) << name;
  }
  Server("s1").paused = true;
  ExpectTruth(kHeld);
  EXPECT_NEAR(cluster_.Said("s1"), 20, kOnePulse);
  EXPECT_EQ(Lag("s1").bound, LagBound::kAtMost) << "receivers don't tell transactions";
  Server("s1").paused = Server("p").hidden = false;
  ExpectHealth();
}

TEST_P(FaultTableTest, S18AnIdlePrimaryThatOnlyTheExporterLost) {
  GoIdle();
  Server("p").hidden = true;
  ExpectAllZero(10min);
  EXPECT_EQ(cluster_.exporter().View().primaries, 1);
}

TEST_P(FaultTableTest, S20StandbyCutThePrimaryOnlyReads) {
  GoIdle();
  Server("s1").cut = true;
  for (int checkpoint = 0; checkpoint < 10; ++checkpoint) {
    cluster_.Write(/*commit=*/false);
    ExpectAllZero(1min);
  }
  EXPECT_EQ(Lag("s1").bytes.total, 1000);
  EXPECT_EQ(Lag("s2").bytes.total, 0);
}

INSTANTIATE_TEST_SUITE_P(EitherOrder, FaultTableTest,
                         testing::Values(SimulatedCluster::Order::kPrimaryFirst,
                                         SimulatedCluster::Order::kPrimaryLast),
                         [](const auto& order) {
                           return order.param == SimulatedCluster::Order::kPrimaryFirst
                                      ? "PrimaryFirst"
                                      : "PrimaryLast";
                         });

}  // namespace
}  // namespace pgrepl::cluster
