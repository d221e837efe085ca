// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/cluster_state.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = Time(1000h);
constexpr std::uint64_t kStep = 100;

/// Everything that a page would read of the view.
std::uint64_t Read(const ClusterView& view) {
  std::uint64_t read = view.name.size() + view.alive.size();
  for (const ServerView& server : view.servers) {
    read += server.version.size() + server.address.size() + server.labels.size();
    for (const SenderView& sender : server.senders) {
      if (sender.row != nullptr) read += sender.row->replayed.value().bytes % kStep;
    }
    const auto* position =
        static_cast<const PositionFact*>(server.facts[static_cast<std::size_t>(CollectorId::kLag)]);
    if (position != nullptr) read += position->flushed.value_or(Lsn{}).bytes % kStep;
  }
  return read;
}

// ThreadSanitizer and AddressSanitizer are the judges.
TEST(ClusterStateTest, ViewsAreTakenAndReadWhileSnapshotsComeIn) {
  ClusterState state(OptionsFor({"p", "s1"}), kStart);
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> views = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&] {
      while (!done) {
        const ClusterView view = state.View(kStart + 1h);
        EXPECT_GE(view.servers.size(), 2U);
        EXPECT_GT(Read(view), 0U);
        ++views;
      }
    });
  }
  std::uint64_t lsn = 1000;
  for (int pulse = 1; pulse <= 300 || views < 300; ++pulse) {
    const Time now = kStart + pulse * kPulse;
    lsn += kStep;
    Sender other = SenderOf("other", lsn);
    other.reply_time = pulse;
    const SnapshotBuilder p = Primary(lsn, pulse).Senders({SenderOf("walreceiver", lsn), other});
    const SnapshotBuilder s1 = StandbyAt(lsn).Receives(ReceiverAt(lsn, pulse));
    state.Observe("p", p.At(now), now);
    state.Observe("s1", pulse % 7 == 0 ? Down(UpReason::kTimeout, nullptr, now) : s1.At(now), now);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace pgrepl::cluster
