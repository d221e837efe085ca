// What the primary of one timeline had flushed at which moment of the exporter's clock: the memory
// that turns a standby's replay LSN into seconds of lag. Pure data: no clock, no I/O, no lock; the
// owner guards it. A stretch without a transaction costs at most two entries, a busy month at most
// kMaxEntries of 32 bytes. What lag means, and why LSNs alone don't tell it: docs/lag.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "exporter/base/clock.h"

namespace pgrepl::cluster {

/// How a lag relates to the truth.
enum class Bound { kExact, kAtLeast, kAtMost };

/// The first transaction that came or went on the primary past some LSN.
struct Crossing {
  Time at;                     ///< lag counts from here
  Time earliest;               ///< the primary was last seen without it; Time::min() when never
  Bound bound;                 ///< of a lag that counts from `at`; an LsnHistory never says kAtMost
  bool transactions_known;     ///< false: WAL is there, but a transaction in it is only assumed
  std::uint64_t past_lsn = 0;  ///< its WAL lies past this, as far as samples tell
};

class LsnHistory {
 public:
  static constexpr std::size_t kMaxEntries = 12'000;

  /// `pulse` is the interval of regular samples. It sets the finest resolution, and two of them
  /// without a sample are a hole.
  explicit LsnHistory(Duration pulse) : pulse_(pulse) {}
  /// From now on samples come so often.
  void SetPulse(Duration pulse) { pulse_ = pulse; }

  /// The primary had flushed `lsn` at `at`, and `snapshot` is a hash of its pg_current_snapshot(),
  /// which changes exactly when a transaction ends. Without one (a receiver says it; `at` is then
  /// the time of its last message) every advance counts as a transaction, until a later snapshot
  /// equal to the last known one proves that there was none.
  ///
  /// A sample older than the latest counts only if its LSN is ahead, as of the latest's time. An
  /// LSN that went back: from a receiver it is ignored, receivers may trail; from the primary (it
  /// was restored in place) everything beyond is forgotten.
  void Append(Time at, std::uint64_t lsn, std::optional<std::uint64_t> snapshot);

  /// Nothing when no transaction past `replay_lsn` is known: caught up, as far as known. WAL
  /// without a transaction (checkpoints, running-xacts, segment switches) is skipped. Otherwise
  /// kExact means
  ///  - in the newest 600 pulses: interpolated by LSN between two samples, two pulses apart at
  ///  most;
  ///  - before: the last sample kept before the transaction, so too early by at most the resolution
  ///    (10 s up to 3 h ago, 1 min up to 2 days, then 10 min), never too late.
  /// kAtLeast: it came in a hole, and `at` is the hole's end; or before the oldest entry.
  /// As samples come in, the time for one LSN never becomes later (until it is forgotten, after 30
  /// days), so the lag of a standby that stands still never shrinks. For a larger LSN it is never
  /// earlier.
  [[nodiscard]] std::optional<Crossing> FirstTransactionPast(std::uint64_t replay_lsn) const;

  /// Starts this history, which may have samples already, with what `parent` had flushed up to
  /// `fork_lsn`, where this timeline left it: at `at`, if that was seen, else at some time before.
  void Inherit(const LsnHistory& parent, std::uint64_t fork_lsn, Time at, bool seen = true);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t MemoryBytes() const { return entries_.capacity() * sizeof(Entry); }

  /// The largest LSN known to be flushed.
  [[nodiscard]] std::optional<std::uint64_t> LatestLsn() const;
  /// The snapshot of the latest sample; nullopt when only a receiver has spoken since.
  [[nodiscard]] std::optional<std::uint64_t> LatestSnapshot() const;
  /// The latest time at which a source still vouched for LatestLsn().
  [[nodiscard]] std::optional<Time> LastVouchedFor() const;
  /// The time since which this history covers the primary.
  [[nodiscard]] std::optional<Time> Oldest() const;

 private:
  /// A flat stretch: the flushed LSN stood at `lsn` from `first` to `last`. Entries are ordered by
  /// time, by LSN and by `changes` at once. Two have the same LSN when a transaction ended while it
  /// stood: one that had waited for a synchronous standby, or whose commit isn't flushed yet.
  struct Entry {
    std::uint64_t lsn;
    Time first;
    Time last;
    std::uint32_t changes;    ///< of the snapshot, since the history began
    bool transactions_known;  ///< false: the last change is assumed, a receiver reported the LSN
    bool same_lsn;            ///< as the entry before it
  };

  void Extend(Time at, std::uint64_t lsn, bool changed, bool known);
  [[nodiscard]] bool LatestIsWithinRun() const;
  void Push(const Entry& entry);
  void CutAt(std::uint64_t lsn, Time at);
  void RevokeAssumedChanges();
  void ContinueWith(const LsnHistory& child);
  void MakeRoom(std::size_t capacity);
  void Thin();
  [[nodiscard]] Duration FinestUntil() const;
  [[nodiscard]] Duration ResolutionAt(Duration age) const;
  [[nodiscard]] Crossing Locate(const Entry& before, const Entry& after, std::uint64_t lsn) const;
  static bool Redundant(const Entry& before, const Entry& entry, const Entry& after,
                        Duration resolution);

  Duration pulse_;
  std::vector<Entry> entries_;
  std::optional<std::uint64_t> snapshot_;  ///< the last known one
  std::uint32_t changes_at_snapshot_ = 0;  ///< entries with more changes are assumptions
};

}  // namespace pgrepl::cluster
