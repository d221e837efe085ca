// What is remembered of one standby, whether it is configured or only seen at its upstream.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "collectors/collector.h"
#include "collectors/lag.h"
#include "collectors/receiver.h"
#include "collectors/recovery.h"
#include "collectors/senders.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/change_tracker.h"
#include "exporter/cluster/lag_recorder.h"
#include "exporter/cluster/link_watch.h"
#include "exporter/cluster/roster.h"
#include "exporter/cluster/stage_watch.h"
#include "exporter/postgres/lsn.h"

namespace pgrepl::cluster {

/// A replay position and when it was read.
struct ReplayPosition {
  Lsn lsn;
  Time at{};
};

/// The lag at the moment of a sample.
struct MeasuredLag {
  Time at{};
  double seconds = 0;
};

/// How long ago a sample may have been read to still count as now.
struct Freshness {
  Time now;
  Duration max_age;
  Duration overdue{};  ///< the age at which the next sample should have come
  [[nodiscard]] bool operator()(Time at) const { return at != Time{} && now - at <= max_age; }
};

struct Standby {
  Identity identity;
  std::string system_identifier;  ///< empty: unknown, or as its upstream's
  std::optional<std::int64_t> timeline;
  /// A position that was surely on that timeline, as a primary or a receiver that streamed knew, or
  /// the control file as of its last restartpoint.
  struct Confirmed {
    std::int64_t timeline;
    Lsn lsn;
  };
  std::optional<Confirmed> confirmed;

  std::optional<ReplayPosition> own;          ///< as it says itself
  std::optional<ReplayPosition> at_upstream;  ///< as its upstream's pg_stat_replication says
  std::optional<Lsn> received;            ///< pg_last_wal_receive_lsn(): can step back, see Has()
  std::optional<std::uint64_t> snapshot;  ///< hash of the transactions that it has replayed
  ChangeTracker<Lsn> replays;             ///< `own`'s position
  std::optional<Lsn> highest;             ///< replayed on this timeline so far
  bool replaying_again = false;           ///< started again behind `highest`, not caught up since
  /// The latest moment as of which it is known to have everything; else when watching began.
  Time caught_up_at{};
  bool caught_up_once = false;  ///< within a second
  bool lagging = false;         ///< by more than a second, and not within half of one since
  std::optional<MeasuredLag> measured, measured_before;
  LagRecorder recorder;

  std::optional<std::size_t> upstream;   ///< the configured server it last was seen on
  std::string upstream_address;          ///< identity.upstream as of then
  std::shared_ptr<const Sender> sender;  ///< its row there; nullptr once it is gone
  Time sender_at{};
  std::int64_t sender_pid = 0;  ///< of the last row seen
  Time connected_at{};          ///< when that process was first seen
  ChangeTracker<double> replies;

  FactPtr receiver_owner;  ///< keeps `receiver` alive
  const ReceiverFact* receiver = nullptr;
  Time receiver_at{};
  ChangeTracker<std::pair<double, double>> messages;
  std::int64_t receiver_pid = 0;
  double receiver_restarts = 0;
  bool fed_by_archive = false;        ///< by nothing else
  std::string pause_state;            ///< "not paused", "pause requested", "paused"; empty: unknown
  std::optional<double> apply_delay;  ///< seconds
  bool backlog = false;               ///< WAL is received past what is replayed
  bool lacks_wal = false;             ///< and replay has found no record in it, nor elsewhere

  LinkWatch link;
  StageWatch stages;
  /// Since when the link is up but does not come to stream: receiver waiting, sender in startup.
  std::optional<Time> hesitates_since;

  void SeePosition(const PositionFact& position, Time at);
  /// Of the same pulse; nullptr: unknown.
  void SeeRecovery(const RecoveryFact* recovery, int version);
  /// WAL waits to be replayed, for which PostgreSQL starts no receiver.
  [[nodiscard]] bool HasBacklog() const { return (backlog || replaying_again) && !lacks_wal; }
  /// Unless it knows of WAL that is further, or on a newer timeline.
  void Confirm(const Confirmed& by);
  void SeeTimeline(std::int64_t seen);
  void SeeReceiver(const FactPtr& fact, Time at);
  void SeeSender(std::shared_ptr<const Sender> row, std::size_t from, Time at);
  /// After the others. `upstream_end`: how far its upstream is, where that is known.
  void SeeLink(const std::optional<Lsn>& upstream_end, const Freshness& fresh);
  void SeeMeasured(const MeasuredLag& lag);
  /// It is a primary at `at`: has everything, streams from nobody, and is told by its name alone.
  void SeePrimary(Time at);

  /// Seconds of lag per second between the last two samples, within 0 and 1.
  [[nodiscard]] double LagGrowth() const;

  /// Best first: what it says itself, what its upstream says, what was last known. What its upstream
  /// says counts first when it is overdue itself and its upstream has spoken since, of no less: a
  /// standby that was just restarted streams again before we have connected to it again.
  [[nodiscard]] std::optional<ReplayPosition> Position(const Freshness& fresh) const;
  /// The WAL that it has, replayed or not, as far as anybody knows.
  [[nodiscard]] std::optional<Lsn> Has() const;
  /// When its upstream last heard of it: its reply, or that it connected anew. nullopt before either.
  [[nodiscard]] std::optional<Time> HeardByUpstream() const;
  [[nodiscard]] const Sender* FreshSender(const Freshness& fresh) const;
  /// Where the bytes lie on the way from its upstream, by what both say; total is the caller's.
  [[nodiscard]] LagBytes Stages(const Freshness& fresh) const;
  /// Connected, streaming or catching up, says either side; or connected in a state that is hidden.
  [[nodiscard]] bool Receives(const Freshness& fresh) const;
  [[nodiscard]] bool ReceiverStreams(const Freshness& fresh) const;
  /// Its receiver is there, and nobody shows our role in which state.
  [[nodiscard]] bool IsConnectedUnseen(const Freshness& fresh) const;
  /// Streaming, and messages come as often as an idle link sends them: every half
  /// wal_receiver_timeout.
  [[nodiscard]] bool ReceiverVouches(const Freshness& fresh) const;

 private:
  void SeeStages(const Freshness& fresh);
};

}  // namespace pgrepl::cluster
