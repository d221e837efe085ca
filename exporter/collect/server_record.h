// What is known of one server, and what the log and the subscribers get of it. Grown in place by
// its session, published as copies. Scheduler thread only, never waits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "collectors/registry.h"
#include "exporter/base/clock.h"
#include "exporter/base/result.h"
#include "exporter/collect/collector_log.h"
#include "exporter/collect/server_snapshot.h"
#include "exporter/postgres/connection.h"

namespace pgrepl {

class ServerRecord {
 public:
  using Publish = std::function<void(ServerSnapshotPtr)>;

  /// When statements were sent, by both clocks.
  struct Sent {
    Time at{};
    double wall = 0;
  };

  ServerRecord(std::string cluster, std::string server, CollectorSet collectors, Publish publish);

  [[nodiscard]] const ServerSnapshot& snapshot() const { return snapshot_; }

  /// Facts of collectors that are off now, and of all queries, are forgotten.
  void Reconfigure(const CollectorSet& collectors);
  void Connected(const Connection& connection);
  /// What was read under another role says nothing about this one.
  void See(Role role);
  /// The outcome of one collector's statement.
  void Record(std::size_t collector, Result<FactPtr> fact, const Sent& sent, Time now);
  /// What we read ourselves, of whatever role the server is.
  void RecordLocal(CollectorId collector, const Result<FactPtr>& fact, Time now);
  void PassedOver(std::size_t collector, const Error& why) { log_.PassedOver(collector, why); }

  void PublishUp(Time now);
  /// `runs`: whether a collector would run, which is asked before any role is known.
  void PublishDown(const Error& why, UpReason reason, Time now,
                   const std::function<bool(std::size_t)>& runs);

 private:
  void PublishCopy() const { publish_(std::make_shared<const ServerSnapshot>(snapshot_)); }

  const std::string cluster_, server_;  ///< for log lines
  const Publish publish_;
  CollectorLog log_;
  ServerSnapshot snapshot_;
};

}  // namespace pgrepl
