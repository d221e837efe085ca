// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/evaluation.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace pgrepl::cluster {
namespace {

// A segment's end lies up to a page behind the last record in it.
constexpr std::uint64_t kWalPage = 8192;

}  // namespace
// The primary at the top of its chain of upstreams, live or not.
const Member* Evaluation::RootOf(const Standby& standby) const {
  std::optional<std::size_t> at = standby.upstream;
  for (std::size_t hops = 0; at && hops < memory_.members().size(); ++hops) {
    const Member& member = memory_.members()[*at];
    if (member.role == Role::kPrimary) return &member;
    at = member.standby.upstream;
  }
  return nullptr;
}

// Its own root while that lives, else the live primary of the newest timeline, else the last one.
const Member* Evaluation::PrimaryFor(const Standby& standby) const {
  const Member* root = RootOf(standby);
  if (root != nullptr && root->TellsPosition(fresh_)) return root;
  const auto rank = [&](const Member& member) {
    return std::pair(member.TellsPosition(fresh_), member.timeline.value_or(0));
  };
  const Member* best = nullptr;
  for (const Member& member : memory_.members()) {
    if (member.role != Role::kPrimary) continue;
    if (!member.IsOfSystem(standby.system_identifier)) continue;
    if (best == nullptr || rank(member) > rank(*best)) best = &member;
  }
  return best;
}

// A receiver of a cascaded standby only knows how far its relay is. Where that is not configured, only the
// configuration can say so, and that receiver is better than none.
const Member* Evaluation::VouchingReceiverFor(const Standby& standby) const {
  const Member* relayed = nullptr;
  for (const Member& member : memory_.members()) {
    const std::optional<std::size_t> upstream = member.standby.upstream;
    if (upstream && memory_.members()[*upstream].role == Role::kStandby) continue;
    if (!member.IsOfSystem(standby.system_identifier)) continue;
    if (!member.standby.ReceiverVouches(fresh_)) continue;
    if (IsNextToPrimary(member)) return &member;
    relayed = &member;
  }
  return relayed;
}

bool Evaluation::IsNextToPrimary(const Member& member) const {
  const auto index = static_cast<std::size_t>(&member - memory_.members().data());
  return memory_.options().servers[index].upstream_is_primary;
}

Evaluation::Basis Evaluation::BasisOf(const Standby& standby) const {
  const Member* primary = PrimaryFor(standby);
  Basis basis;
  if (primary != nullptr) {
    basis.history = memory_.HistoryOf(primary->system_identifier);
    basis.timeline = primary->timeline;
    if (standby.fed_by_archive && !standby.Receives(fresh_)) {
      basis.archived = primary->archived_end;
    }
    if (primary->TellsPosition(fresh_)) {
      basis.reference = Reference::kPrimary;
      return basis;
    }
  }
  if (const Member* receiver = VouchingReceiverFor(standby)) {
    basis.reference = IsNextToPrimary(*receiver) ? Reference::kReceiver : Reference::kRelay;
    basis.history = memory_.HistoryOf(receiver->system_identifier);
    basis.timeline = std::max(basis.timeline, receiver->timeline);
  } else if (primary != nullptr && RefusesConnections(primary->snapshot->reason)) {
    // What it had written last is all there is.
    basis.reference = Reference::kDead;
  }
  return basis;
}

Standing Evaluation::StandingOf(const Standby& standby, Lsn replayed, const Basis& basis) const {
  if (basis.history == nullptr || !basis.timeline) return NotComparable{};
  const auto current = static_cast<TimelineId>(*basis.timeline);
  const auto timeline = static_cast<TimelineId>(standby.timeline.value_or(*basis.timeline));
  const Standing standing = basis.history->Measure(timeline, replayed.bytes, current);
  if (std::holds_alternative<Diverged>(standing) &&
      !ProvesDivergence(standby, *basis.history, current)) {
    return NotComparable{};
  }
  if (HasEveryTransaction(standby, standing, basis)) return CaughtUp{};
  return basis.archived ? AgainstArchive(standing, replayed, basis) : standing;
}

// A timeline that only the control file names is a lower bound: what looks like WAL past a fork may have
// been written after it, on the newer timeline.
bool Evaluation::ProvesDivergence(const Standby& standby, const Timelines& history,
                                  TimelineId current) {
  if (!standby.confirmed) return false;
  const Standing standing = history.Measure(static_cast<TimelineId>(standby.confirmed->timeline),
                                            standby.confirmed->lsn.bytes, current);
  return std::holds_alternative<Diverged>(standing);
}

// The history tells WAL written within one pulse apart by nothing but its LSN. A standby that was cut
// between the last transaction and a checkpoint in the same pulse shows by its own snapshot that it
// lacks nothing.
bool Evaluation::HasEveryTransaction(const Standby& standby, const Standing& standing,
                                     const Basis& basis) {
  if (!standby.snapshot || !std::holds_alternative<Crossing>(standing)) return false;
  const LsnHistory* history = basis.history->Find(static_cast<TimelineId>(*basis.timeline));
  return history != nullptr && history->LatestSnapshot() == standby.snapshot;
}

// What is in no archived segment yet can't be replayed: it is the archive's delay, not the standby's. A
// transaction that may lie on either side of the archive's end counts: the standby lacks WAL that is
// there.
Standing Evaluation::AgainstArchive(const Standing& standing, Lsn replayed, const Basis& basis) {
  const auto* behind = std::get_if<Crossing>(&standing);
  if (behind == nullptr) return standing;
  if (*basis.archived <= Lsn{replayed.bytes + kWalPage}) return CaughtUp{};
  return behind->past_lsn < basis.archived->bytes ? standing : Standing{CaughtUp{}};
}

std::optional<double> Evaluation::UnarchivedSeconds(const Member& primary) const {
  if (!primary.TellsPosition(fresh_) || !primary.timeline) return std::nullopt;
  const Timelines* history = memory_.HistoryOf(primary.system_identifier);
  if (!primary.archived_end || history == nullptr) return std::nullopt;
  const auto timeline = static_cast<TimelineId>(*primary.timeline);
  const Standing standing = history->Measure(timeline, primary.archived_end->bytes, timeline);
  const auto* crossing = std::get_if<Crossing>(&standing);
  return crossing != nullptr ? std::max(0.0, Seconds(now_ - crossing->at)) : 0.0;
}

// The primary's sample of the same pulse may come in after the standby's.
bool Evaluation::VouchedFor(const Basis& basis, Time at) const {
  if (basis.history == nullptr || !basis.timeline) return false;
  const LsnHistory* current = basis.history->Find(static_cast<TimelineId>(*basis.timeline));
  if (current == nullptr || !current->LastVouchedFor()) return false;
  return *current->LastVouchedFor() >= at - memory_.options().pulse_interval / 2;
}

std::optional<MeasuredLag> Evaluation::Measure(const Standby& standby) const {
  const auto position = standby.Position(fresh_);
  if (!position || !fresh_(position->at)) return std::nullopt;
  if (standby.measured && position->at <= standby.measured->at) return std::nullopt;
  const Basis basis = BasisOf(standby);
  if (!VouchedFor(basis, position->at)) return std::nullopt;
  const Standing standing = StandingOf(standby, position->lsn, basis);
  if (std::holds_alternative<CaughtUp>(standing)) return MeasuredLag{position->at, 0};
  const auto* crossing = std::get_if<Crossing>(&standing);
  if (crossing == nullptr || crossing->bound != Bound::kExact) return std::nullopt;
  // A transaction of this very moment is not replayed all the same.
  constexpr double kLeast = 1e-6;
  return MeasuredLag{position->at, std::max(kLeast, Seconds(position->at - crossing->at))};
}

LagView Evaluation::LagOf(const Standby& standby) const {
  const Basis basis = BasisOf(standby);
  const auto position = standby.Position(fresh_);
  LagInputs inputs{.now = now_,
                   .standing = NotComparable{},
                   .position_known = position.has_value(),
                   .reference = basis.reference,
                   .by_archive = basis.archived.has_value(),
                   .caught_up_at = standby.caught_up_at,
                   .replaying_again = standby.replaying_again};
  if (position) {
    inputs.standing = StandingOf(standby, position->lsn, basis);
    inputs.sampled_at = position->at;
    inputs.growth = standby.LagGrowth();
    inputs.fresh = !IsOverdue(position->at);
  }
  LagView view = EvaluateLag(inputs);
  view.bytes = BytesOf(standby, basis);
  view.evidence = EvidenceOf(standby, basis);
  view.caught_up_once = standby.caught_up_once;
  view.connected = standby.Receives(fresh_);
  const Sender* sender = standby.FreshSender(fresh_);
  view.streaming =
      sender != nullptr ? sender->state == "streaming" : standby.ReceiverStreams(fresh_);
  view.state_hidden = standby.IsConnectedUnseen(fresh_);
  return view;
}

// While nobody has answered since, it is the exporter or its machine that is late, up to the pulse's
// deadline.
bool Evaluation::IsOverdue(Time sampled_at) const {
  const Duration pulse = memory_.options().pulse_interval;
  if (now_ - sampled_at <= fresh_.overdue) return false;
  if (now_ - sampled_at > memory_.options().pulse_deadline) return true;
  return std::any_of(memory_.members().begin(), memory_.members().end(), [&](const Member& member) {
    return member.snapshot && member.snapshot->at > sampled_at + pulse / 2;
  });
}

LagBytes Evaluation::BytesOf(const Standby& standby, const Basis& basis) const {
  LagBytes bytes = standby.Stages(fresh_);
  const auto position = standby.Position(fresh_);
  if (!position || basis.history == nullptr || !basis.timeline) return bytes;
  if (std::holds_alternative<Diverged>(StandingOf(standby, position->lsn, basis))) return bytes;
  const LsnHistory* current = basis.history->Find(static_cast<TimelineId>(*basis.timeline));
  if (current == nullptr || !current->LatestLsn()) return bytes;
  bytes.total = BytesBetween(position->lsn, Lsn{*current->LatestLsn()});
  return bytes;
}

LagEvidence Evaluation::EvidenceOf(const Standby& standby, const Basis& basis) const {
  LagEvidence evidence{.received = standby.Has()};
  if (const auto position = standby.Position(fresh_)) {
    evidence.replayed = position->lsn;
    evidence.sampled_seconds_ago = std::max(0.0, Seconds(now_ - position->at));
  }
  if (basis.history == nullptr || !basis.timeline) return evidence;
  const LsnHistory* current = basis.history->Find(static_cast<TimelineId>(*basis.timeline));
  if (current == nullptr || !current->LatestLsn()) return evidence;
  evidence.primary = Lsn{*current->LatestLsn()};
  evidence.heard_seconds_ago = std::max(0.0, Seconds(now_ - *current->LastVouchedFor()));
  return evidence;
}

double Evaluation::SecondsPast(const Standby& standby, Lsn lsn) const {
  const Standing standing = StandingOf(standby, lsn, BasisOf(standby));
  const auto* crossing = std::get_if<Crossing>(&standing);
  return crossing != nullptr ? std::max(0.0, Seconds(now_ - crossing->at)) : 0.0;
}

std::optional<std::size_t> Evaluation::CurrentPrimary() const {
  std::optional<std::size_t> newest;
  const auto& members = memory_.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i].TellsPosition(fresh_) || !members[i].timeline) continue;
    if (!newest || *members[i].timeline > *members[*newest].timeline) newest = i;
  }
  return newest;
}

std::optional<bool> Evaluation::HasDiverged(const Member& member) const {
  if (!member.snapshot || !member.timeline || !member.role) return std::nullopt;
  std::optional<Lsn> has = member.standby.Has();
  if (member.role == Role::kPrimary) {
    const PositionFact* position = PositionOf(*member.snapshot);
    has = position != nullptr ? position->flushed : std::nullopt;
  }
  const Timelines* history = memory_.HistoryOf(member.system_identifier);
  if (history == nullptr || !has) return std::nullopt;
  std::int64_t newest = *member.timeline;
  for (const Member& other : memory_.members()) {
    if (other.role == Role::kPrimary && other.system_identifier == member.system_identifier) {
      newest = std::max(newest, other.timeline.value_or(0));
    }
  }
  const Standing standing = history->Measure(static_cast<TimelineId>(*member.timeline), has->bytes,
                                             static_cast<TimelineId>(newest));
  if (newest == *member.timeline) return false;
  if (std::holds_alternative<NotComparable>(standing)) return std::nullopt;
  const bool diverged = std::holds_alternative<Diverged>(standing);
  const bool proven = ProvesDivergence(member.standby, *history, static_cast<TimelineId>(newest));
  return diverged && !proven ? std::nullopt : std::optional(diverged);
}

bool Evaluation::CannotFollow(const Standby& standby) const {
  const Basis basis = BasisOf(standby);
  const auto position = standby.Position(fresh_);
  if (position && std::holds_alternative<Diverged>(StandingOf(standby, position->lsn, basis))) {
    return true;
  }
  // A server that its upstream's timeline left behind gets a link that never comes to stream.
  const bool hesitates = standby.hesitates_since &&
                         now_ - *standby.hesitates_since > 3 * memory_.options().pulse_interval;
  return hesitates && standby.timeline && basis.timeline && *standby.timeline < *basis.timeline;
}

bool Evaluation::SomebodyStreamsFrom(std::size_t index) const {
  return std::any_of(memory_.members().begin(), memory_.members().end(), [&](const Member& member) {
    const Standby& standby = member.standby;
    return standby.upstream == index && standby.ReceiverVouches(fresh_) &&
           standby.identity.upstream == standby.upstream_address;
  });
}

int Evaluation::Primaries() const {
  int count = 0;
  for (std::size_t i = 0; i < memory_.members().size(); ++i) {
    const Member& member = memory_.members()[i];
    if (member.role != Role::kPrimary || memory_.IsRepeated(i)) continue;
    count += member.IsLivePrimary() || SomebodyStreamsFrom(i) ? 1 : 0;
  }
  return count;
}

}  // namespace pgrepl::cluster
