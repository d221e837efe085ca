// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/first_pulse.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{1234ms};
constexpr std::size_t kServers = 1000;
constexpr std::size_t kClusters = kServers / 4;

std::map<Time, std::size_t> ClustersByMoment(Time now) {
  std::map<Time, std::size_t> clusters;
  for (std::size_t i = 0; i < kClusters; ++i) ++clusters[FirstPulse(now, 1s, i, kServers)];
  return clusters;
}

TEST(FirstPulseTest, AFewServersPulseTogether) {
  for (const std::size_t place : {0U, 1U, 6U}) EXPECT_EQ(FirstPulse(kNow, 1s, place, 31), Time(2s));
}

TEST(FirstPulseTest, AFleetIsSpreadOverTheInterval) {
  const auto clusters = ClustersByMoment(kNow);
  EXPECT_EQ(clusters.size(), kServers / kServersAtOnce);
  EXPECT_GE(clusters.begin()->first, kNow);
  EXPECT_LT(clusters.rbegin()->first, kNow + 1s);
  Time before = clusters.rbegin()->first - 1s;
  for (const auto& [moment, count] : clusters) {
    EXPECT_LE(count * 4, kServersAtOnce + 4);
    EXPECT_LE(moment - before, 33ms);
    before = moment;
  }
}

TEST(FirstPulseTest, ThoseThatComeLaterMeetTheMomentsThatAreThere) {
  for (const auto& [moment, count] : ClustersByMoment(kNow + 300ms)) {
    EXPECT_TRUE(ClustersByMoment(kNow).contains(moment) ||
                ClustersByMoment(kNow).contains(moment - 1s));
  }
}

TEST(FirstPulseTest, AMomentThatIsNowIsNotMissed) {
  EXPECT_EQ(FirstPulse(Time(5s), 1s, 0, 4), Time(5s));
}

}  // namespace
}  // namespace pgrepl
