// A Memory that a test feeds snapshot by snapshot, on a clock that the test moves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/cluster/memory.h"
#include "exporter/cluster/view.h"
#include "tests/support/snapshot_builder.h"

namespace pgrepl::cluster {

inline constexpr Duration kPulse = std::chrono::seconds(1);
/// Snapshots are true for two pulses and a deadline.
inline constexpr Duration kFresh = std::chrono::seconds(5);

/// The defaults of the configuration.
inline ClusterOptions OptionsFor(const std::vector<std::string>& servers) {
  using namespace std::chrono_literals;
  ClusterOptions options{.name = "main",
                         .pulse_interval = kPulse,
                         .pulse_deadline = 3s,
                         .interval = 10s,
                         .slow_interval = 60s,
                         .remember_vanished = 24h};
  for (const std::string& name : servers) options.servers.push_back({.name = name});
  return options;
}

class WatchedCluster {
 public:
  explicit WatchedCluster(const ClusterOptions& options,
                          Time start = Time(std::chrono::hours(1000)))
      : now(start), memory_(options, now), last_(options.servers.size()) {}

  void Reconfigure(const ClusterOptions& options) {
    memory_.Reconfigure(options, now);
    last_.assign(options.servers.size(), nullptr);
  }

  /// A server answers now.
  void See(std::string_view server, const SnapshotBuilder& told) { Observe(server, told.At(now)); }

  /// It doesn't, from now on.
  void Lose(std::string_view server, UpReason reason) {
    Observe(server, Down(reason, last_[IndexOf(server)], now));
  }

  [[nodiscard]] ClusterView View() const { return BuildView(memory_, now); }

  [[nodiscard]] bool Shows(std::string_view server) const {
    const ClusterView view = View();
    return std::any_of(view.servers.begin(), view.servers.end(),
                       [&](const ServerView& one) { return one.name == server; });
  }

  /// As on the page.
  [[nodiscard]] ServerView Server(std::string_view name) const {
    const ClusterView view = View();
    for (const ServerView& server : view.servers) {
      if (server.name == name) return server;
    }
    throw std::out_of_range("no server " + std::string(name));
  }

  /// Of a server that has one.
  [[nodiscard]] LagView Lag(std::string_view server) const { return Server(server).lag.value(); }

  [[nodiscard]] const Memory& memory() const { return memory_; }

  Time now;

 private:
  [[nodiscard]] std::size_t IndexOf(std::string_view server) const {
    const auto& servers = memory_.options().servers;
    const auto found = std::find_if(servers.begin(), servers.end(),
                                    [&](const ServerOptions& one) { return one.name == server; });
    return static_cast<std::size_t>(found - servers.begin());
  }

  void Observe(std::string_view server, const ServerSnapshotPtr& snapshot) {
    last_.at(IndexOf(server)) = snapshot;
    memory_.Observe(IndexOf(server), snapshot, now);
  }

  Memory memory_;
  std::vector<ServerSnapshotPtr> last_;
};

}  // namespace pgrepl::cluster
