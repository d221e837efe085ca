// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/timelines.h"

#include <iterator>

namespace pgrepl::cluster {

void Timelines::SetPulse(Duration pulse) {
  pulse_ = pulse;
  for (auto& [_, branch] : branches_) branch.history.SetPulse(pulse);
}

LsnHistory& Timelines::On(TimelineId timeline) { return BranchOf(timeline).history; }

Timelines::Branch& Timelines::BranchOf(TimelineId timeline) {
  const auto branch = branches_.try_emplace(timeline, Branch{LsnHistory(pulse_), {}}).first;
  if (branches_.size() > kMaxTimelines) {
    const auto oldest = branches_.begin();
    branches_.erase(oldest == branch ? std::next(oldest) : oldest);
  }
  return branch->second;
}

void Timelines::Fork(TimelineId parent, TimelineId child, std::uint64_t fork_lsn, Time at,
                     bool seen) {
  if (parent >= child) return;  // not a fork; and look-ups walk towards smaller numbers
  Branch& branch = BranchOf(child);
  if (branch.fork) {
    if (branch.fork->parent == parent && branch.fork->lsn == fork_lsn) return;
    branch.history = LsnHistory(pulse_);
  }
  branch.fork = ForkPoint{parent, fork_lsn, at, seen};
  const LsnHistory* inherited = Find(parent);
  branch.history.Inherit(inherited != nullptr ? *inherited : LsnHistory(pulse_), fork_lsn, at,
                         seen);
}

Standing Timelines::Measure(TimelineId timeline, std::uint64_t replay_lsn,
                            TimelineId current) const {
  const LsnHistory* history = Find(current);
  if (history == nullptr || history->empty()) return NotComparable{};
  // Before its fork a timeline is its parent.
  for (auto fork = ForkOf(timeline); fork && replay_lsn <= fork->lsn; fork = ForkOf(timeline)) {
    timeline = fork->parent;
  }
  std::optional<ForkPoint> left;
  for (TimelineId on = current; on != timeline;) {
    const auto fork = ForkOf(on);
    if (!fork) return NotComparable{};
    if (replay_lsn > fork->lsn) left = fork;
    on = fork->parent;
  }
  if (left) return Diverged{left->at, left->seen};
  const auto crossing = history->FirstTransactionPast(replay_lsn);
  if (!crossing) return CaughtUp{};
  return *crossing;
}

const LsnHistory* Timelines::Find(TimelineId timeline) const {
  const auto branch = branches_.find(timeline);
  return branch == branches_.end() ? nullptr : &branch->second.history;
}

std::optional<Timelines::ForkPoint> Timelines::ForkOf(TimelineId child) const {
  const auto branch = branches_.find(child);
  return branch == branches_.end() ? std::nullopt : branch->second.fork;
}

}  // namespace pgrepl::cluster
