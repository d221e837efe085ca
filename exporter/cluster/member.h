// A configured server of a cluster, as far as it is remembered; and what was configured.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/registry.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/slot_watch.h"
#include "exporter/cluster/standby.h"
#include "exporter/cluster/sync_waits.h"
#include "exporter/cluster/wal_written.h"
#include "exporter/collect/server_snapshot.h"

namespace pgrepl::cluster {

struct ServerOptions {
  std::string name;
  double max_lag_seconds = 60;
  bool fed_by_archive = false;  ///< alone; else told by its primary_conninfo
  bool may_lead = true;         ///< an ordinary standby, which a failover may choose
  /// Unless its upstream is configured, too, and known to be a standby.
  bool upstream_is_primary = true;
  std::optional<double> wal_filesystem_bytes = {};  ///< where it can't be measured
};

struct ClusterOptions {
  std::string name;
  std::vector<ServerOptions> servers;
  std::optional<int> expected_standbys;
  std::optional<int> expected_primaries;
  Duration pulse_interval;
  Duration pulse_deadline;
  Duration interval;
  Duration slow_interval;
  Duration remember_vanished;

  /// How old a fact of this cadence may be and still be true.
  [[nodiscard]] Duration MaxAge(Cadence cadence) const;
  [[nodiscard]] Duration MaxAge(const Collector& collector) const;
  /// The age of a pulse's sample when the next one should have come, and a little later than that.
  [[nodiscard]] Duration OverdueAge() const { return pulse_interval + pulse_interval / 5; }
};

/// A configured server.
struct Member {
  ServerSnapshotPtr snapshot;  ///< nullptr: not tried yet
  std::optional<Role> role;    ///< last known
  double role_changes = 0;
  std::optional<std::int64_t> timeline;
  std::string system_identifier;
  Standby standby;       ///< filled while it is one
  SyncWaits sync_waits;  ///< filled while it is a primary
  WalWritten wal_written;
  SlotWatch slot_watch;
  /// End of the last WAL segment that it archived as a primary; other files (.history, .backup) say
  /// nothing about it.
  std::optional<Lsn> archived_end;

  /// After pg_upgrade, or a restore of another one, its timelines and positions are others.
  void ForgetSystem();
  /// As its snapshot says.
  void FollowSlots();

  /// A primary that answers.
  [[nodiscard]] bool IsLivePrimary() const;
  /// And says how far it is.
  [[nodiscard]] bool TellsPosition(const Freshness& fresh) const;
  /// As far as both are known.
  [[nodiscard]] bool IsOfSystem(const std::string& identifier) const;
  /// Answers, and is the same running server as `other`, by another address.
  [[nodiscard]] bool IsSameServer(const Member& other) const;
};

/// The position a server told with its last pulse, nullptr when it told none.
const PositionFact* PositionOf(const ServerSnapshot& snapshot);

}  // namespace pgrepl::cluster
