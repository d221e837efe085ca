// Servers without PostgreSQL: they write, stream and replay in ticks, break as a test says, and
// know the true lag. An exporter's Memory watches them, pulse by pulse.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/exporter/cluster/watched_cluster.h"

namespace pgrepl::cluster {

struct WalRecord {
  std::uint64_t end = 0;  ///< LSN
  std::int64_t timeline = 1;
  Time at{};  ///< when it was written
  bool commit = false;

  bool operator==(const WalRecord&) const = default;
};

struct SimulatedServer {
  std::string name;
  std::string upstream;        ///< empty: a primary
  std::vector<WalRecord> wal;  ///< written or received
  std::size_t replayed = 0;    ///< records
  std::int64_t timeline = 1;
  std::optional<std::uint64_t> forked_at = {};  ///< until it restarts

  // Faults.
  bool dead = false;     ///< refuses
  bool frozen = false;   ///< all of its processes; TCP lives on
  bool hidden = false;   ///< the exporter alone can't reach it
  bool cut = false;      ///< no receiver
  bool stalled = false;  ///< the receiver is frozen; TCP lives on
  bool paused = false;
  Duration apply_delay{};
  std::size_t replays_per_tick = 1000;

  // Last seen by others.
  std::size_t told_replayed = 0;  ///< to its upstream
  Time replied{}, heard{};        ///< last reply to, last message from its upstream

  [[nodiscard]] bool is_primary() const { return upstream.empty(); }
  [[nodiscard]] bool runs() const { return !dead && !frozen; }
  [[nodiscard]] std::uint64_t Lsn() const { return wal.back().end; }
  [[nodiscard]] std::uint64_t ReplayedLsn() const { return wal.at(replayed - 1).end; }
};

/// p; s1 and s2 on p; s3 on s2.
class SimulatedCluster {
 public:
  /// Whose answers of one pulse come in first.
  enum class Order { kPrimaryFirst, kPrimaryLast };

  explicit SimulatedCluster(Order order);

  SimulatedServer& Server(const std::string& name);

  /// On the primary that is written to.
  void Write(bool commit);
  /// All of the standby's WAL is replayed; it starts a timeline of its own, and is written to.
  void Promote(const std::string& name);
  /// A new exporter, which knows nothing of before.
  void RestartExporter();

  /// Time goes on; `scrape` is called four times a second.
  void Run(
      Duration time, const std::function<void()>& scrape = [] {});

  /// How stale a reader of this standby is, seconds.
  [[nodiscard]] double Truth(const std::string& name);
  [[nodiscard]] double Said(const std::string& name) const { return exporter_.Lag(name).seconds; }
  [[nodiscard]] const WatchedCluster& exporter() const { return exporter_; }
  [[nodiscard]] const std::vector<SimulatedServer>& servers() const { return servers_; }

  bool busy = true;           ///< a commit each tick
  std::string written = "p";  ///< the primary that is written to

 private:
  void Tick();
  void Receive(SimulatedServer& standby);
  void Replay(SimulatedServer& standby);
  [[nodiscard]] bool Follows(const SimulatedServer& standby);
  [[nodiscard]] bool IsLinked(const SimulatedServer& standby);
  void Pulse();
  void Ask(SimulatedServer& server);
  SnapshotBuilder Tell(const SimulatedServer& server);
  ReceiverFact ReceiverOf(const SimulatedServer& standby);
  std::vector<Sender> SendersOf(const SimulatedServer& upstream);

  Order order_;
  std::vector<SimulatedServer> servers_;
  WatchedCluster exporter_;
  std::vector<std::optional<Time>> silent_since_;
  std::size_t ticks_ = 0;
};

}  // namespace pgrepl::cluster
