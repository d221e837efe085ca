// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/evaluation.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace pgrepl::cluster {
namespace {

std::optional<double> Between(const std::optional<Lsn>& behind, const std::optional<Lsn>& ahead) {
  if (!behind || !ahead) return std::nullopt;
  return BytesBetween(*behind, *ahead);
}

// A server of another system is no part of the cluster, whatever the configuration says.
bool MayFollow(const Standby& standby, const Member& member) {
  return standby.system_identifier.empty() || member.system_identifier.empty() ||
         standby.system_identifier == member.system_identifier;
}

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
    if (member.role != Role::kPrimary || !MayFollow(standby, member)) continue;
    if (best == nullptr || rank(member) > rank(*best)) best = &member;
  }
  return best;
}

// A receiver of a cascaded standby only knows how far its relay is.
const Member* Evaluation::VouchingReceiverFor(const Standby& standby) const {
  for (const Member& member : memory_.members()) {
    const std::optional<std::size_t> upstream = member.standby.upstream;
    const bool relayed = upstream && memory_.members()[*upstream].role == Role::kStandby;
    if (relayed || !MayFollow(standby, member)) continue;
    if (member.standby.ReceiverVouches(fresh_)) return &member;
  }
  return nullptr;
}

Evaluation::Basis Evaluation::BasisOf(const Standby& standby) const {
  const Member* primary = PrimaryFor(standby);
  Basis basis;
  if (primary != nullptr) {
    basis.history = memory_.HistoryOf(primary->system_identifier);
    basis.timeline = primary->timeline;
    if (primary->TellsPosition(fresh_)) {
      basis.reference = Reference::kPrimary;
      return basis;
    }
  }
  if (const Member* receiver = VouchingReceiverFor(standby)) {
    basis.reference = Reference::kReceiver;
    basis.history = memory_.HistoryOf(receiver->system_identifier);
    basis.timeline = std::max(basis.timeline, receiver->timeline);
  } else if (primary != nullptr && RefusesConnections(primary->snapshot->reason)) {
    // What it had written last is all there is.
    basis.reference = Reference::kDead;
  }
  return basis;
}

Standing Evaluation::StandingOf(const Standby& standby, Lsn replayed, const Basis& basis) {
  if (basis.history == nullptr || !basis.timeline) return NotComparable{};
  const auto current = static_cast<TimelineId>(*basis.timeline);
  const auto timeline = static_cast<TimelineId>(standby.timeline.value_or(*basis.timeline));
  return basis.history->Measure(timeline, replayed.bytes, current);
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
                   .caught_up_at = standby.caught_up_at,
                   .replaying_again = standby.replaying_again};
  if (position) {
    inputs.standing = StandingOf(standby, position->lsn, basis);
    inputs.sampled_at = position->at;
    inputs.growth = standby.LagGrowth();
    // Overdue once the next should have come, and a little later than that.
    const Duration pulse = memory_.options().pulse_interval;
    inputs.fresh = now_ - position->at <= pulse + pulse / 5;
  }
  LagView view = EvaluateLag(inputs);
  view.bytes = BytesOf(standby, basis);
  view.caught_up_once = standby.caught_up_once;
  view.connected = standby.Receives(fresh_);
  const Sender* sender = standby.FreshSender(fresh_);
  view.streaming =
      sender != nullptr ? sender->state == "streaming" : standby.ReceiverStreams(fresh_);
  return view;
}

LagBytes Evaluation::BytesOf(const Standby& standby, const Basis& basis) const {
  LagBytes bytes;
  if (const Sender* sender = standby.FreshSender(fresh_)) {
    bytes.send = Between(sender->sent, sender->current);
    bytes.write = Between(sender->written, sender->sent);
    bytes.flush = Between(sender->flushed, sender->written);
    bytes.replay = Between(sender->replayed, sender->flushed);
  }
  const auto position = standby.Position(fresh_);
  if (!position || basis.history == nullptr || !basis.timeline) return bytes;
  if (std::holds_alternative<Diverged>(StandingOf(standby, position->lsn, basis))) return bytes;
  const LsnHistory* current = basis.history->Find(static_cast<TimelineId>(*basis.timeline));
  if (current == nullptr || !current->LatestLsn()) return bytes;
  bytes.total = BytesBetween(position->lsn, Lsn{*current->LatestLsn()});
  return bytes;
}

bool Evaluation::SomebodyStreamsFrom(std::size_t index) const {
  return std::any_of(memory_.members().begin(), memory_.members().end(), [&](const Member& member) {
    const Standby& standby = member.standby;
    return standby.upstream == index && standby.ReceiverStreams(fresh_) &&
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
