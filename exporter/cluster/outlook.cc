// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/outlook.h"

#include <algorithm>

#include "exporter/cluster/evaluation.h"
#include "exporter/cluster/memory.h"

namespace pgrepl::cluster {
namespace {

// What a candidate may be behind another while the primary lives: which of two healthy standbys is
// ahead changes with every pulse.
constexpr double kEnough = 16.0 * 1024 * 1024;

void Raise(std::optional<Lsn>& highest, const std::optional<Lsn>& lsn) {
  if (lsn && (!highest || *lsn > *highest)) highest = lsn;
}

// What the primary's own statement says of its senders: read in one moment, so that nothing is taken
// for lost that was only read earlier.
struct Told {
  Lsn primary;
  std::optional<Lsn> standbys, receivewals;
};

Told ToldBy(const ServerSnapshot& primary, const Freshness& fresh) {
  Told told{.primary = *PositionOf(primary)->flushed, .standbys = {}, .receivewals = {}};
  const CollectedFact& senders = primary.Of(CollectorId::kSenders);
  if (senders.fact == nullptr || !fresh(senders.at)) return told;
  for (const Sender& sender : static_cast<const SendersFact*>(senders.fact.get())->senders) {
    if (sender.current) told.primary = *sender.current;
    if (sender.kind == SenderKind::kStandby) Raise(told.standbys, sender.flushed);
    if (sender.kind != SenderKind::kReceivewal) continue;
    Raise(told.receivewals, sender.flushed ? sender.flushed : sender.written);
  }
  return told;
}

// A standby that is disconnected still has what it had; of another timeline that isn't this primary's WAL.
std::optional<Lsn> Remembered(const Memory& memory, const Evaluation& evaluation,
                              const Member& primary) {
  std::optional<Lsn> highest;
  for (const Member& member : memory.members()) {
    if (member.role != Role::kStandby || !member.IsOfSystem(primary.system_identifier) ||
        evaluation.CannotFollow(member.standby)) {
      continue;
    }
    Raise(highest, member.standby.Has());
  }
  for (const Standby& other : memory.others()) {
    if (other.timeline && other.timeline != primary.timeline) continue;
    Raise(highest, other.Has());
  }
  return highest;
}

void Update(std::optional<SafePosition>& safe, const std::optional<Lsn>& lsn, Lsn primary,
            Time at) {
  if (!lsn) {
    safe.reset();
    return;
  }
  const bool moved = !safe || safe->lsn != *lsn;
  safe = SafePosition{*lsn, primary, moved ? at : safe->moved};
}

}  // namespace

void Outlook::Follow(const Memory& memory, const Evaluation& evaluation) {
  FollowSafety(memory, evaluation);
  FollowCandidate(memory, evaluation);
}

void Outlook::FollowSafety(const Memory& memory, const Evaluation& evaluation) {
  const auto primary = evaluation.CurrentPrimary();
  if (!primary) return;
  const Member& member = memory.members()[*primary];
  const Time at = member.snapshot->Of(CollectorId::kLag).at;
  if (primary_ == *primary && at <= told_at_) return;
  primary_ = *primary;
  told_at_ = at;
  const Told told = ToldBy(*member.snapshot, memory.FreshAt(at));
  std::optional<Lsn> highest = Remembered(memory, evaluation, member);
  Raise(highest, told.standbys);
  Update(on_standbys_, highest, told.primary, at);
  Raise(highest, told.receivewals);
  Raise(highest, member.archived_end);
  Update(anywhere_, highest, told.primary, at);
}

RpoView Outlook::Standbys(const Memory& memory, Time now) const {
  return RpoOf(memory, on_standbys_, now);
}

RpoView Outlook::Anybody(const Memory& memory, Time now) const {
  return RpoOf(memory, anywhere_, now);
}

RpoView Outlook::RpoOf(const Memory& memory, const std::optional<SafePosition>& safe,
                       Time now) const {
  if (!primary_ || !safe) return {};
  const Member& primary = memory.members()[*primary_];
  RpoView view{.known = primary.TellsPosition(memory.FreshAt(now)),
               .bytes = BytesBetween(safe->lsn, safe->primary),
               .seconds = 0};
  const Timelines* history = memory.HistoryOf(primary.system_identifier);
  if (history == nullptr || !primary.timeline) return view;
  const LsnHistory* current = history->Find(static_cast<TimelineId>(*primary.timeline));
  if (current == nullptr) return view;
  const auto crossing = current->FirstTransactionPast(safe->lsn.bytes);
  if (!crossing) return view;
  // While somebody keeps up, some transaction is always on its way: its age at the sample. Once
  // nobody does, it grows.
  const bool grows = view.known && safe->moved < told_at_;
  view.seconds = std::max(0.0, Seconds((grows ? now : told_at_) - crossing->at));
  return view;
}

void Outlook::Renumber(const Renumbering& servers) {
  primary_ = NumberNow(primary_, servers);
  candidate_ = NumberNow(candidate_, servers);
}

Candidacy Outlook::Of(const Memory& memory, const Evaluation& evaluation, std::size_t index) const {
  const Member& member = memory.members()[index];
  const Standby& standby = member.standby;
  if (!member.IsOfSystem(memory.system())) return Candidacy::kDifferentSystem;
  if (evaluation.HasDiverged(member) == true || evaluation.CannotFollow(standby)) {
    return Candidacy::kDiverged;
  }
  if (!member.snapshot || !member.snapshot->up) return Candidacy::kDown;
  if (!memory.options().servers[index].may_lead) return Candidacy::kPurpose;
  if (standby.apply_delay.value_or(0) > 0) return Candidacy::kDelayed;
  if (standby.pause_state == "paused") return Candidacy::kPaused;
  if (!standby.Has()) return Candidacy::kNoWal;
  return candidate_ == index ? Candidacy::kBest : Candidacy::kBehind;
}

// While the primary lives: a synchronous standby, then one that receives from the primary itself, then
// the one that was chosen before. Once it is gone most WAL comes first.
std::array<double, 5> Outlook::MeritOf(const Memory& memory, const Evaluation& evaluation,
                                       std::size_t index, Lsn most) const {
  const Standby& standby = memory.members()[index].standby;
  const double behind = BytesBetween(*standby.Has(), most);
  const bool synchronous = standby.sender && (standby.sender->sync_state == "sync" ||
                                              standby.sender->sync_state == "quorum");
  const bool direct =
      standby.upstream && memory.members()[*standby.upstream].role == Role::kPrimary;
  const bool primary_lives = evaluation.CurrentPrimary().has_value();
  const bool enough = primary_lives && behind < kEnough;
  return {enough ? 0 : -behind, synchronous ? 1.0 : 0.0, direct ? 1.0 : 0.0,
          candidate_ == index ? 1.0 : 0.0, -behind};
}

void Outlook::FollowCandidate(const Memory& memory, const Evaluation& evaluation) {
  std::vector<std::size_t> eligible;
  std::optional<Lsn> most;
  for (std::size_t i = 0; i < memory.members().size(); ++i) {
    if (memory.members()[i].role != Role::kStandby) continue;
    const Candidacy candidacy = Of(memory, evaluation, i);
    if (candidacy != Candidacy::kBest && candidacy != Candidacy::kBehind) continue;
    eligible.push_back(i);
    Raise(most, memory.members()[i].standby.Has());
  }
  const auto merit = [&](std::size_t index) { return MeritOf(memory, evaluation, index, *most); };
  const auto best =
      std::max_element(eligible.begin(), eligible.end(),
                       [&](std::size_t a, std::size_t b) { return merit(a) < merit(b); });
  candidate_ = best != eligible.end() ? std::optional(*best) : std::nullopt;
}

}  // namespace pgrepl::cluster
