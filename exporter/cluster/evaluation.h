// The judgement of one moment over a cluster's Memory: which primary counts, who vouches for it,
// how far each standby is behind. Pure and const; made anew for each page, used by one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "collectors/lag.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/lag.h"
#include "exporter/cluster/memory.h"

namespace pgrepl::cluster {

class Evaluation {
 public:
  /// `memory` must outlive it and not change meanwhile.
  Evaluation(const Memory& memory, Time now)
      : memory_(memory), now_(now), fresh_(memory.FreshAt(now)) {}

  /// seconds, bounds, bytes and link of a standby; threshold and delay are the caller's.
  [[nodiscard]] LagView LagOf(const Standby& standby) const;

  /// The lag at the moment of its newest sample, 0 only if that proves that it has replayed every
  /// transaction; nullopt when it was measured before, is only a bound, or nobody vouches for what
  /// the primary had written by then.
  [[nodiscard]] std::optional<MeasuredLag> Measure(const Standby& standby) const;

  /// Seconds since the first transaction past `lsn` in the history that the standby is measured
  /// against; 0 when none is known.
  [[nodiscard]] double SecondsPast(const Standby& standby, Lsn lsn) const;

  /// Age of the oldest transaction of a primary that is in no archived segment; nullopt when it
  /// doesn't archive, or has not yet.
  [[nodiscard]] std::optional<double> UnarchivedSeconds(const Member& primary) const;

  /// The live primary of the newest timeline that tells its position.
  [[nodiscard]] std::optional<std::size_t> CurrentPrimary() const;

  /// The server has WAL that the newest timeline of its system left behind; nullopt when that can't
  /// be told.
  [[nodiscard]] std::optional<bool> HasDiverged(const Member& member) const;
  /// The standby can't follow its own primary: it replayed past where that one's timeline left.
  [[nodiscard]] bool CannotFollow(const Standby& standby) const;

  /// Distinct primaries that answer, and those that only we can't reach: somebody streams from them.
  [[nodiscard]] int Primaries() const;

 private:
  /// What a standby is measured against.
  struct Basis {
    Reference reference = Reference::kUnreachable;
    const Timelines* history = nullptr;
    std::optional<std::int64_t> timeline;
    std::optional<Lsn> archived;  ///< for a standby that the archive alone feeds: it ends here
  };

  [[nodiscard]] const Member* RootOf(const Standby& standby) const;
  [[nodiscard]] const Member* PrimaryFor(const Standby& standby) const;
  [[nodiscard]] const Member* VouchingReceiverFor(const Standby& standby) const;
  [[nodiscard]] bool IsNextToPrimary(const Member& member) const;
  [[nodiscard]] Basis BasisOf(const Standby& standby) const;
  [[nodiscard]] Standing StandingOf(const Standby& standby, Lsn replayed, const Basis& basis) const;
  [[nodiscard]] static bool ProvesDivergence(const Standby& standby, const Timelines& history,
                                             TimelineId current);
  [[nodiscard]] static bool HasEveryTransaction(const Standby& standby, const Standing& standing,
                                                const Basis& basis);
  [[nodiscard]] bool IsOverdue(Time sampled_at) const;
  [[nodiscard]] static Standing AgainstArchive(const Standing& standing, Lsn replayed,
                                               const Basis& basis);
  [[nodiscard]] bool VouchedFor(const Basis& basis, Time at) const;
  [[nodiscard]] LagEvidence EvidenceOf(const Standby& standby, const Basis& basis) const;
  [[nodiscard]] LagBytes BytesOf(const Standby& standby, const Basis& basis) const;
  [[nodiscard]] bool SomebodyStreamsFrom(std::size_t index) const;

  const Memory& memory_;
  const Time now_;
  const Freshness fresh_;
};

}  // namespace pgrepl::cluster
