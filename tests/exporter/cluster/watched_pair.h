// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {

inline Sender Replying(Sender sender, Time now) {
  sender.reply_time = Seconds(now.time_since_epoch());
  return sender;
}

inline std::vector<std::string> SendersOn(const ServerView& upstream) {
  std::vector<std::string> names;
  for (const SenderView& sender : upstream.senders) names.push_back(sender.standby);
  return names;
}

/// p and s1, which streams from it.
class WatchedPair : public testing::Test {
 protected:
  void Pulse(const SnapshotBuilder& p, const SnapshotBuilder& s1) {
    cluster_.now += kPulse;
    cluster_.See("p", p);
    cluster_.See("s1", s1);
  }

  [[nodiscard]] Sender Row() const { return Replying(SenderOf("walreceiver", 1000), cluster_.now); }
  [[nodiscard]] static SnapshotBuilder Streaming() {
    return StandbyAt(1000).Receives(ReceiverAt(1000, 1));
  }

  WatchedCluster cluster_{OptionsFor({"p", "s1"})};
};

}  // namespace pgrepl::cluster
