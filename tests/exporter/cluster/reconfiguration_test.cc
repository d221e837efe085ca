// What a new configuration does to what is known.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/exporter/cluster/watched_pair.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using ReconfigurationTest = WatchedPair;

TEST_F(ReconfigurationTest, ANewConfigurationKeepsWhatIsKnownOfThoseThatStay) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  for (std::uint64_t second = 1; second <= 9; ++second) {
    Pulse(Primary(1000 + second, static_cast<std::int64_t>(second)).Senders({Row()}), Streaming());
  }
  const double before = cluster_.Lag("s1").seconds;
  ASSERT_GE(before, 8);
  ClusterOptions options = OptionsFor({"new", "s1", "p"});
  options.servers[1].max_lag_seconds = 7;
  cluster_.Reconfigure(options);
  EXPECT_EQ(cluster_.View().expected_standbys, 2);
  EXPECT_EQ(cluster_.Lag("s1").seconds, before);
  EXPECT_EQ(cluster_.Lag("s1").threshold, 7);
  EXPECT_THAT(SendersOn(cluster_.Server("p")), ElementsAre("s1"));
  EXPECT_THAT(SendersOn(cluster_.Server("new")), IsEmpty());
  EXPECT_FALSE(cluster_.Server("new").tried);
}

TEST_F(ReconfigurationTest, AServerThatIsNoLongerConfiguredIsNobodysUpstream) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  cluster_.Reconfigure(OptionsFor({"s1"}));
  EXPECT_FALSE(cluster_.Shows("p"));
  EXPECT_TRUE(cluster_.Server("s1").role == Role::kStandby);
  cluster_.now += kPulse;
  cluster_.See("s1", Streaming());
  EXPECT_TRUE(cluster_.Lag("s1").connected);
}

TEST_F(ReconfigurationTest, PulsesThatComeMoreRarelyAreNoHoles) {
  Pulse(Primary(1000, 1).Senders({Row()}), Streaming());
  ClusterOptions options = OptionsFor({"p", "s1"});
  options.pulse_interval = 5s;
  cluster_.Reconfigure(options);
  for (std::uint64_t pulse = 1; pulse <= 4; ++pulse) {
    cluster_.now += 5s - kPulse;
    Pulse(Primary(1000 + pulse, static_cast<std::int64_t>(1 + pulse)).Senders({Row()}),
          Streaming());
  }
  EXPECT_TRUE(cluster_.Lag("s1").known);
  EXPECT_NEAR(cluster_.Lag("s1").seconds, 20, 5);
}

TEST_F(ReconfigurationTest, AStandbyThatIsOnlySeenStaysWhileANewServerIsTried) {
  const auto pulse = [&] {
    Pulse(Primary(1000, 1).Senders({Replying(SenderOf("other", 1000), cluster_.now)}),
          StandbyAt(1000));
  };
  for (int second = 0; second < 8; ++second) pulse();
  ASSERT_TRUE(cluster_.Lag("other").connected);
  cluster_.Reconfigure(OptionsFor({"p", "s1", "new"}));
  for (int second = 0; second < 3; ++second) pulse();
  EXPECT_FALSE(cluster_.Server("new").tried);
  EXPECT_TRUE(cluster_.Lag("other").connected);
}

TEST_F(ReconfigurationTest, AStandbyThatWasOnlySeenIsTheOneThatIsConfiguredNow) {
  const auto pulse = [&](std::uint64_t lsn) {
    Pulse(Primary(lsn, static_cast<std::int64_t>(lsn))
              .Senders({Replying(SenderOf("other", 1000), cluster_.now)}),
          StandbyAt(lsn));
  };
  for (int second = 0; second < 8; ++second) pulse(1000);
  ASSERT_TRUE(cluster_.Shows("other"));
  for (std::uint64_t second = 1; second <= 9; ++second) pulse(1000 + second);
  const double before = cluster_.Lag("other").seconds;
  ASSERT_GE(before, 8);
  cluster_.Reconfigure(OptionsFor({"p", "s1", "other"}));
  const ClusterView view = cluster_.View();
  EXPECT_EQ(view.servers.size(), 3U) << "and not a second one of that name";
  EXPECT_TRUE(cluster_.Server("other").configured);
  EXPECT_EQ(cluster_.Lag("other").seconds, before);
}

}  // namespace
}  // namespace pgrepl::cluster
