// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lsn_history.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace pgrepl::cluster {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Every sample is kept for as many pulses; from then on the tiers hold.
constexpr int kFinestPulses = 600;

struct Tier {
  Duration until;
  Duration resolution;
};
constexpr std::array<Tier, 3> kTiers{{
    {minutes(10), seconds(1)},
    {hours(3), seconds(10)},
    {hours(48), minutes(1)},
}};
constexpr Duration kCoarsest = minutes(10);
constexpr Duration kRetention = hours(24 * 30);

constexpr std::size_t kFewEntries = 8;  // of room for an idle primary

}  // namespace

void LsnHistory::Append(Time at, std::uint64_t lsn, std::optional<std::uint64_t> snapshot) {
  if (!empty() && lsn < entries_.back().lsn) {
    if (!snapshot || at <= entries_.back().last) return;
    CutAt(lsn, at);
  }
  if (empty()) {
    entries_.push_back({lsn, at, at, 0, snapshot.has_value(), false});
  } else {
    if (lsn == entries_.back().lsn && at <= entries_.back().last) return;
    if (snapshot && snapshot == snapshot_) RevokeAssumedChanges();
    const Entry& latest = entries_.back();
    const bool known = snapshot && snapshot_ && latest.changes == changes_at_snapshot_;
    const bool changed = known ? snapshot != snapshot_ : lsn > latest.lsn;
    Extend(std::max(at, latest.last), lsn, changed, known);
  }
  if (snapshot) {
    snapshot_ = snapshot;
    changes_at_snapshot_ = entries_.back().changes;
  }
}

// A run of WAL without a transaction needs its first entry, which has the change before it, and its
// last, from whose time the next change is located.
void LsnHistory::Extend(Time at, std::uint64_t lsn, bool changed, bool known) {
  Entry& latest = entries_.back();
  if (!changed && (lsn == latest.lsn || LatestIsWithinRun())) {
    if (lsn > latest.lsn) latest.first = at;
    latest.lsn = lsn;
    latest.last = at;
    return;
  }
  const bool same_lsn = lsn == latest.lsn;
  Push({lsn, at, at, latest.changes + (changed ? 1 : 0), known, same_lsn});
}

bool LsnHistory::LatestIsWithinRun() const {
  if (entries_.size() < 2) return false;
  const Entry& before = *std::prev(entries_.end(), 2);
  return before.changes == entries_.back().changes && !before.same_lsn;
}

// Amortised constant: what thinning leaves more than seven eighths full grows by a quarter.
void LsnHistory::Push(const Entry& entry) {
  if (entries_.size() == entries_.capacity()) {
    Thin();
    const std::size_t capacity = entries_.capacity();
    if (entries_.size() >= capacity - capacity / 8) MakeRoom(capacity);
  }
  entries_.push_back(entry);
}

std::optional<Crossing> LsnHistory::FirstTransactionPast(std::uint64_t replay_lsn) const {
  const auto past =
      std::upper_bound(entries_.begin(), entries_.end(), replay_lsn,
                       [](std::uint64_t lsn, const Entry& entry) { return lsn < entry.lsn; });
  if (past == entries_.end()) return std::nullopt;
  if (past == entries_.begin()) return Crossing{past->first, Time::min(), Bound::kAtLeast, false};

  // Of several entries at the standby's LSN the first counts: a change that was visible before WAL
  // moved on may be an asynchronous commit, whose record is in the WAL to come.
  const auto base =
      std::lower_bound(entries_.begin(), past, std::prev(past)->lsn,
                       [](const Entry& entry, std::uint64_t lsn) { return entry.lsn < lsn; });
  const auto crossing = std::upper_bound(
      past, entries_.end(), base->changes,
      [](std::uint32_t changes, const Entry& entry) { return changes < entry.changes; });
  if (crossing == entries_.end()) return std::nullopt;
  return Locate(*std::prev(crossing), *crossing, replay_lsn);
}

Crossing LsnHistory::Locate(const Entry& before, const Entry& after, std::uint64_t lsn) const {
  const Duration age = entries_.back().last - after.first;
  const Duration gap = after.first - before.last;
  Crossing crossing{before.last, before.last, Bound::kExact, after.transactions_known, before.lsn};
  if (gap > std::max(2 * pulse_, ResolutionAt(age))) {
    crossing.at = after.first;
    crossing.bound = Bound::kAtLeast;
  } else if (age < FinestUntil() && lsn > before.lsn) {
    const double part =
        static_cast<double>(lsn - before.lsn) / static_cast<double>(after.lsn - before.lsn);
    crossing.at += FromSeconds(Seconds(gap) * part);
  }
  return crossing;
}

// Only receivers spoke since the last known snapshot, and what they told held no transaction.
void LsnHistory::RevokeAssumedChanges() {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->changes <= changes_at_snapshot_) break;
    entry->changes = changes_at_snapshot_;
    entry->transactions_known = true;
  }
}

void LsnHistory::Inherit(const LsnHistory& parent, std::uint64_t fork_lsn, Time at, bool seen) {
  if (!empty()) at = std::min(at, *Oldest());
  LsnHistory joined = parent;
  joined.CutAt(fork_lsn, at);
  if (seen) joined.Append(at, fork_lsn, std::nullopt);
  if (joined.empty()) return;
  joined.ContinueWith(*this);
  *this = std::move(joined);
}

void LsnHistory::CutAt(std::uint64_t lsn, Time at) {
  while (!empty() && (entries_.back().lsn > lsn || entries_.back().first > at)) entries_.pop_back();
  if (!empty()) entries_.back().last = std::min(entries_.back().last, at);
  if (empty() || entries_.back().changes < changes_at_snapshot_) snapshot_.reset();
}

void LsnHistory::ContinueWith(const LsnHistory& child) {
  if (child.empty()) return;
  // Assume a transaction between our last entry and the child's first.
  const std::uint32_t offset = entries_.back().changes + 1;
  for (Entry entry : child.entries_) {
    if (entry.lsn < entries_.back().lsn) continue;
    entry.changes += offset;
    entry.same_lsn = entry.lsn == entries_.back().lsn;
    Push(entry);
  }
  snapshot_ = child.snapshot_;
  changes_at_snapshot_ = child.changes_at_snapshot_ + offset;
}

void LsnHistory::MakeRoom(std::size_t capacity) {
  if (capacity < kMaxEntries) {
    entries_.reserve(std::clamp(capacity + capacity / 4, kFewEntries, kMaxEntries));
  } else {
    entries_.erase(entries_.begin(), entries_.begin() + kMaxEntries / 8);
  }
}

// What is kept is never altered. So whether a standby is caught up doesn't depend on thinning, and
// the time of a crossing only by the resolution.
void LsnHistory::Thin() {
  const Time newest = entries_.back().last;
  std::size_t kept = 0;
  for (std::size_t next = 0; next < entries_.size(); ++next) {
    Entry entry = entries_[next];
    const Duration resolution = ResolutionAt(newest - entry.first);
    while (kept > 1 && Redundant(entries_[kept - 2], entries_[kept - 1], entry, resolution)) {
      entry.transactions_known &= entries_[--kept].transactions_known;
    }
    if (kept == 1 && entries_[0].last < newest - kRetention) kept = 0;
    entries_[kept++] = entry;
  }
  entries_.resize(kept);
}

// Without its first entry at a new LSN a standby that stands there would read as behind the change
// before. So it stays, unless the next change makes such a standby lag anyway, from about then.
bool LsnHistory::Redundant(const Entry& before, const Entry& entry, const Entry& after,
                           Duration resolution) {
  if (before.changes == after.changes && !before.same_lsn) return true;
  return entry.changes < after.changes && (entry.same_lsn || !after.same_lsn) &&
         after.first - before.last <= resolution;
}

Duration LsnHistory::FinestUntil() const { return kFinestPulses * pulse_; }

Duration LsnHistory::ResolutionAt(Duration age) const {
  if (age < FinestUntil()) return pulse_;
  for (const Tier& tier : kTiers) {
    if (age < tier.until) return std::max(tier.resolution, pulse_);
  }
  return kCoarsest;
}

std::optional<std::uint64_t> LsnHistory::LatestLsn() const {
  if (empty()) return std::nullopt;
  return entries_.back().lsn;
}

std::optional<std::uint64_t> LsnHistory::LatestSnapshot() const {
  if (empty() || entries_.back().changes != changes_at_snapshot_) return std::nullopt;
  return snapshot_;
}

std::optional<Time> LsnHistory::LastVouchedFor() const {
  if (empty()) return std::nullopt;
  return entries_.back().last;
}

std::optional<Time> LsnHistory::Oldest() const {
  if (empty()) return std::nullopt;
  return entries_.front().first;
}

}  // namespace pgrepl::cluster
