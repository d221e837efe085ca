// What the snapshots of one cluster's servers add up to over time: the primary's history, who streams
// from whom, since when values stand still. Grows by Observe; judged by Evaluation. No I/O and no
// clock: the caller says what time it is. Not thread-safe (ClusterState guards it).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/registry.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/member.h"
#include "exporter/cluster/outlook.h"
#include "exporter/cluster/roster.h"
#include "exporter/cluster/standby.h"
#include "exporter/cluster/timelines.h"
#include "exporter/collect/server_snapshot.h"

namespace pgrepl::cluster {

class Memory {
 public:
  /// `now`: watching begins.
  Memory(ClusterOptions options, Time now);

  /// Keeps what is known of the servers that stay, by their names.
  void Reconfigure(ClusterOptions options, Time now);

  void Observe(std::size_t server, const ServerSnapshotPtr& snapshot, Time now);

  /// By its configured name.
  [[nodiscard]] std::optional<std::size_t> Find(std::string_view server) const;
  [[nodiscard]] const ClusterOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  /// Standbys that aren't configured, parallel to roster().standbys().
  [[nodiscard]] const std::vector<Standby>& others() const { return others_; }
  [[nodiscard]] const Roster& roster() const { return roster_; }
  /// The system identifier of most configured servers, of two that are as frequent the one configured
  /// first; empty: none is known.
  [[nodiscard]] const std::string& system() const { return system_; }
  [[nodiscard]] const Outlook& outlook() const { return outlook_; }
  /// Senders of this server that fit several configured standbys equally well.
  [[nodiscard]] int AmbiguousSendersOf(std::size_t index) const { return ambiguous_[index]; }
  [[nodiscard]] const Timelines* HistoryOf(const std::string& system_identifier) const;
  /// A server before it in the configuration is the same one.
  [[nodiscard]] bool IsRepeated(std::size_t index) const;
  [[nodiscard]] Freshness FreshAt(Time now) const {
    return {now, options_.MaxAge(Cadence::kPulse), options_.OverdueAge()};
  }

 private:
  /// A sender and the snapshot that keeps it alive.
  struct SeenSender {
    SenderAt at;
    ServerSnapshotPtr owner;
  };

  [[nodiscard]] Member TakeOver(const std::string& name, Time now);
  [[nodiscard]] std::size_t IndexOf(const Member& member) const;
  void FollowIdentity(Member& member);
  [[nodiscard]] std::string SystemOfMost() const;
  void FollowPrimary(Member& member);
  void FollowStandby(Member& member, Time now);
  void FollowTimeline(Member& member, const PositionFact* position, const Freshness& fresh);
  [[nodiscard]] std::optional<std::int64_t> TimelineShared(const Member& member,
                                                           const PositionFact* position,
                                                           const Freshness& fresh) const;
  [[nodiscard]] bool EveryMemberWasTried() const;
  void LearnFromReceiver(const Member& member);
  [[nodiscard]] std::vector<SeenSender> SendersNow(Time now) const;
  void Link(const std::vector<SeenSender>& senders, Time now);
  void LinkOthers(const std::vector<SeenSender>& senders, Time now);
  void Unlink(Standby& standby) const;
  void FollowMove(Standby& standby, const Freshness& fresh) const;
  void WatchLinks(Time now);
  [[nodiscard]] std::optional<Lsn> EndOfUpstream(const Standby& standby,
                                                 const Freshness& fresh) const;
  static void Attach(Standby& standby, const SeenSender& sender);
  void Measure(Time now);
  void Record(const Evaluation& evaluation, Time now);
  Timelines& HistoryFor(const std::string& system_identifier);

  ClusterOptions options_;
  std::vector<Member> members_;
  Roster roster_;
  std::vector<Standby> others_;
  std::vector<int> ambiguous_;  ///< parallel to members_
  std::string system_;
  Outlook outlook_;
  Time recorded_at_{};
  std::map<std::string, Timelines> histories_;  ///< by system identifier
};

}  // namespace pgrepl::cluster
