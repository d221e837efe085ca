// What the snapshots of one cluster's servers add up to over time: the primary's history, who
// streams from whom, since when values stand still. Snapshots come in on the scheduler thread,
// views are taken on HTTP threads; a mutex guards all of it. No I/O and no clock: the caller says
// what time it is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/view.h"
#include "exporter/base/clock.h"
#include "exporter/base/mutex.h"
#include "exporter/cluster/lag.h"
#include "exporter/cluster/roster.h"
#include "exporter/cluster/standby.h"
#include "exporter/cluster/timelines.h"
#include "exporter/collect/server_snapshot.h"

namespace pgrepl::cluster {

struct ServerOptions {
  std::string name;
  double max_lag_seconds = 60;
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
};

class ClusterState {
 public:
  /// `now`: watching begins.
  ClusterState(ClusterOptions options, Time now);

  void Observe(std::size_t server, const ServerSnapshotPtr& snapshot, Time now);

  [[nodiscard]] ClusterView View(Time now) const;

 private:
  /// A configured server.
  struct Member {
    ServerSnapshotPtr snapshot;  ///< nullptr: not tried yet
    std::optional<Role> role;
    double role_changes = 0;
    std::optional<std::int64_t> timeline;
    std::string system_identifier;
    Standby standby;
  };

  /// What a standby is measured against.
  struct Basis {
    Reference reference = Reference::kUnreachable;
    const std::string* system_identifier = nullptr;
    std::optional<std::int64_t> timeline;
  };

  void FollowRole(Member& member, const ServerSnapshot& snapshot) PGREPL_REQUIRES(mutex_);
  void FollowPrimary(Member& member, const ServerSnapshot& snapshot) PGREPL_REQUIRES(mutex_);
  void FollowReceiver(Member& member, const ServerSnapshot& snapshot, Time now)
      PGREPL_REQUIRES(mutex_);
  void LearnFromReceiver(const Member& member) PGREPL_REQUIRES(mutex_);
  void Link(Time now) PGREPL_REQUIRES(mutex_);
  void LinkSenders(const std::vector<SenderAt>& senders,
                   const std::vector<ServerSnapshotPtr>& owners, Time now) PGREPL_REQUIRES(mutex_);
  void LinkOthers(const std::vector<SenderAt>& senders,
                  const std::vector<ServerSnapshotPtr>& owners, Time now) PGREPL_REQUIRES(mutex_);
  void Unlink(Standby& standby) PGREPL_REQUIRES(mutex_);
  static void Attach(Standby& standby, const SenderAt& at, const ServerSnapshotPtr& owner);
  void NoteCaughtUp(Time now) PGREPL_REQUIRES(mutex_);

  [[nodiscard]] Duration MaxAge(Cadence cadence) const;
  [[nodiscard]] bool IsLivePrimary(const Member& member, Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] const Member* RootOf(const Standby& standby) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] const Member* PrimaryFor(const Standby& standby, Time now) const
      PGREPL_REQUIRES(mutex_);
  [[nodiscard]] Basis BasisOf(const Standby& standby, Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] Standing StandingOf(const Standby& standby, const ReplayPosition& position,
                                    const Basis& basis) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] LagView LagOf(const Standby& standby, Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] LagBytes BytesOf(const Standby& standby, const Basis& basis, Time now) const
      PGREPL_REQUIRES(mutex_);
  [[nodiscard]] ReceiverView ReceiverOf(const Standby& standby, Time now) const;
  [[nodiscard]] bool SomebodyStreamsFrom(std::size_t index, Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] int CountPrimaries(Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] ServerView MemberView(std::size_t index, Time now) const PGREPL_REQUIRES(mutex_);
  [[nodiscard]] ServerView OtherView(std::size_t index, Time now) const PGREPL_REQUIRES(mutex_);
  void AddFacts(const Member& member, Time now, ServerView& view) const PGREPL_REQUIRES(mutex_);
  void AddSenders(std::size_t index, Time now, ServerView& view) const PGREPL_REQUIRES(mutex_);

  const ClusterOptions options_;
  const Time started_;

  mutable Mutex mutex_;
  std::vector<Member> members_ PGREPL_GUARDED_BY(mutex_);
  Roster roster_ PGREPL_GUARDED_BY(mutex_);
  std::vector<Standby> others_ PGREPL_GUARDED_BY(mutex_);  ///< parallel to roster_.standbys()
  std::map<std::string, Timelines> histories_ PGREPL_GUARDED_BY(mutex_);  ///< by system identifier
};

}  // namespace pgrepl::cluster
