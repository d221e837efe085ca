// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/memory.h"

#include <algorithm>
#include <utility>

#include "collectors/archive.h"
#include "exporter/cluster/evaluation.h"

namespace pgrepl::cluster {
namespace {

std::vector<std::string> Names(const ClusterOptions& options) {
  std::vector<std::string> names;
  for (const ServerOptions& server : options.servers) names.push_back(server.name);
  return names;
}

std::string HostOf(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace

Memory::Memory(ClusterOptions options, Time now) : roster_({}, options.remember_vanished) {
  Reconfigure(std::move(options), now);
}

void Memory::Reconfigure(ClusterOptions options, Time now) {
  Renumbering numbers(members_.size());
  std::vector<Member> members;
  for (const ServerOptions& server : options.servers) {
    if (const auto before = Find(server.name)) numbers[*before] = members.size();
    members.push_back(TakeOver(server.name, now));
  }
  members_ = std::move(members);
  options_ = std::move(options);
  for (auto& [_, history] : histories_) history.SetPulse(options_.pulse_interval);
  const auto renumber = [&](Standby& standby) {
    standby.upstream = NumberNow(standby.upstream, numbers);
    if (!standby.upstream) standby.sender.reset();
  };
  for (Member& member : members_) renumber(member.standby);
  for (Standby& other : others_) renumber(other);
  outlook_.Renumber(numbers);
  ambiguous_.assign(members_.size(), 0);
  roster_.Reconfigure(Names(options_), options_.remember_vanished);
  system_ = SystemOfMost();
}

// What is known of a server of this name, which may have been seen at its upstream only.
Member Memory::TakeOver(const std::string& name, Time now) {
  if (const auto before = Find(name)) return std::move(members_[*before]);
  Member member;
  member.standby.caught_up_at = now;
  for (std::size_t i = 0; i < others_.size(); ++i) {
    const Roster::Standby& named = roster_.standbys()[i];
    if (named.listed && named.name == name) member.standby = others_[i];
  }
  member.standby.identity.name = name;
  return member;
}

std::optional<std::size_t> Memory::Find(std::string_view server) const {
  for (std::size_t i = 0; i < options_.servers.size(); ++i) {
    if (options_.servers[i].name == server) return i;
  }
  return std::nullopt;
}

void Memory::Observe(std::size_t server, const ServerSnapshotPtr& snapshot, Time now) {
  Member& member = members_[server];
  member.snapshot = snapshot;
  if (snapshot->up) {
    FollowIdentity(member);
    member.FollowSlots();
    if (member.role == Role::kPrimary) {
      FollowPrimary(member);
      member.standby.SeePrimary(now);
      const PositionFact* position = PositionOf(*snapshot);
      if (position != nullptr && position->flushed && position->timeline) {
        member.standby.confirmed = {*position->timeline, *position->flushed};
      }
    }
    if (member.role == Role::kStandby) FollowStandby(member, now);
  }
  Link(SendersNow(now), now);
  if (snapshot->up && member.role == Role::kStandby) LearnFromReceiver(member);
  WatchLinks(now);
  Measure(now);
}

void Memory::FollowIdentity(Member& member) {
  const ServerSnapshot& snapshot = *member.snapshot;
  if (member.role && snapshot.role && *member.role != *snapshot.role) ++member.role_changes;
  if (snapshot.role) member.role = snapshot.role;
  const FactPtr& fact = snapshot.Of(CollectorId::kServer).fact;
  if (fact) {
    const auto& server = *static_cast<const ServerFact*>(fact.get());
    if (member.system_identifier != server.system_identifier) {
      if (!member.system_identifier.empty()) member.ForgetSystem();
      member.system_identifier = member.standby.system_identifier = server.system_identifier;
      system_ = SystemOfMost();
    }
  }
  member.standby.identity.host = HostOf(snapshot.address);
}

std::string Memory::SystemOfMost() const {
  std::map<std::string, int> counts;
  for (const Member& member : members_) ++counts[member.system_identifier];
  std::string most;
  for (const Member& member : members_) {
    const std::string& system = member.system_identifier;
    if (!system.empty() && (most.empty() || counts[system] > counts[most])) most = system;
  }
  return most;
}

void Memory::FollowPrimary(Member& member) {
  const CollectedFact& sync = member.snapshot->Of(CollectorId::kSync);
  if (sync.fact)
    member.sync_waits.See(static_cast<const SyncFact*>(sync.fact.get())->waiters, sync.at);
  if (const FactPtr& fact = member.snapshot->Of(CollectorId::kArchive).fact) {
    const auto& archive = *static_cast<const ArchiveFact*>(fact.get());
    if (!archive.enabled) member.archived_end.reset();
    if (archive.enabled && archive.archived_end) member.archived_end = archive.archived_end;
  }
  const PositionFact* position = PositionOf(*member.snapshot);
  if (position == nullptr || !position->flushed || !position->timeline) return;
  const Time at = member.snapshot->Of(CollectorId::kLag).at;
  const auto timeline = static_cast<TimelineId>(*position->timeline);
  Timelines& timelines = HistoryFor(member.system_identifier);
  // A promoted server keeps the LSN at which it left its old timeline until it restarts; the
  // parent is the one it followed, else the one before. What it replayed after a crash is no fork.
  if (position->replayed && timeline > 1 && member.timeline != position->timeline &&
      !timelines.ForkOf(timeline)) {
    const auto followed = static_cast<TimelineId>(member.timeline.value_or(timeline - 1));
    const TimelineId parent = followed < timeline ? followed : timeline - 1;
    const bool seen = member.standby.own && FreshAt(at)(member.standby.own->at);
    timelines.Fork(parent, timeline, position->replayed->bytes, at, seen);
  }
  member.timeline = position->timeline;
  member.wal_written.See(*position->timeline, *position->flushed);
  std::optional<std::uint64_t> transactions;
  if (position->snapshot) transactions = static_cast<std::uint64_t>(*position->snapshot);
  timelines.On(timeline).Append(at, position->flushed->bytes, transactions);
}

void Memory::FollowStandby(Member& member, Time now) {
  member.wal_written.Interrupt();
  member.archived_end.reset();  // by now others have archived beyond it
  Standby& standby = member.standby;
  const CollectedFact& receiver = member.snapshot->Of(CollectorId::kReceiver);
  if (receiver.fact && receiver.at > standby.receiver_at) {
    standby.SeeReceiver(receiver.fact, receiver.at);
    standby.fed_by_archive =
        options_.servers[IndexOf(member)].fed_by_archive || standby.receiver->conninfo_set == false;
  }
  const PositionFact* position = PositionOf(*member.snapshot);
  FollowTimeline(member, position, FreshAt(now));
  if (position != nullptr) {
    const CollectedFact& recovery = member.snapshot->Of(CollectorId::kRecovery);
    const Time at = member.snapshot->Of(CollectorId::kLag).at;
    standby.SeePosition(*position, at);
    standby.SeeRecovery(
        recovery.at == at ? static_cast<const RecoveryFact*>(recovery.fact.get()) : nullptr,
        member.snapshot->version);
  }
}

void Memory::FollowTimeline(Member& member, const PositionFact* position, const Freshness& fresh) {
  Standby& standby = member.standby;
  if (standby.ReceiverStreams(fresh) && standby.receiver->timeline) {
    member.timeline = standby.receiver->timeline;
    if (position != nullptr && position->replayed) {
      standby.confirmed = {*member.timeline, *position->replayed};
    }
  } else if (const auto shared = TimelineShared(member, position, fresh)) {
    member.timeline = shared;
    standby.confirmed = {*shared, *position->replayed};
  } else if (position != nullptr && position->timeline) {
    // The control file lags behind: only ever a lower bound.
    member.timeline = std::max(member.timeline.value_or(0), *position->timeline);
    if (position->on_timeline) standby.Confirm({*position->timeline, *position->on_timeline});
  }
  if (member.timeline) standby.SeeTimeline(*member.timeline);
}

// Where the receiver is hidden from our role: one that is connected, and has exactly a primary's WAL
// and transactions, is on its timeline. At the begin of a segment two timelines may well be equally
// far.
std::optional<std::int64_t> Memory::TimelineShared(const Member& member,
                                                   const PositionFact* position,
                                                   const Freshness& fresh) const {
  constexpr std::uint64_t kPage = 8192, kLongHeader = 40;
  if (position == nullptr || !position->replayed || !position->snapshot ||
      !member.standby.IsConnectedUnseen(fresh) ||
      position->replayed->bytes % kPage <= kLongHeader) {
    return std::nullopt;
  }
  for (const Member& other : members_) {
    if (!other.TellsPosition(fresh) || !other.IsOfSystem(member.system_identifier)) continue;
    const PositionFact& primary = *PositionOf(*other.snapshot);
    const bool equal =
        primary.flushed == position->replayed && primary.snapshot == position->snapshot;
    if (equal) return primary.timeline;
  }
  return std::nullopt;
}

// Without a primary to ask, a receiver at the top passes on what its upstream had flushed, as of
// its last message.
void Memory::LearnFromReceiver(const Member& member) {
  const Standby& standby = member.standby;
  const auto vouched = standby.messages.changed_at();
  if (standby.receiver == nullptr || !standby.receiver->present || !vouched ||
      !standby.receiver->latest_end || !standby.receiver->timeline) {
    return;
  }
  // Before every server was tried, its upstream may well turn out to be a relay.
  if (!EveryMemberWasTried()) return;
  const bool relayed = standby.upstream && members_[*standby.upstream].role == Role::kStandby;
  const Freshness fresh = FreshAt(standby.receiver_at);
  const bool primary_answers =
      std::any_of(members_.begin(), members_.end(),
                  [&](const Member& other) { return other.TellsPosition(fresh); });
  if (relayed || primary_answers) return;
  HistoryFor(member.system_identifier)
      .On(static_cast<TimelineId>(*standby.receiver->timeline))
      .Append(*vouched, standby.receiver->latest_end->bytes, std::nullopt);
}

std::size_t Memory::IndexOf(const Member& member) const {
  return static_cast<std::size_t>(&member - members_.data());
}

bool Memory::IsRepeated(std::size_t index) const {
  return std::any_of(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(index),
                     [&](const Member& other) { return other.IsSameServer(members_[index]); });
}

std::vector<Memory::SeenSender> Memory::SendersNow(Time now) const {
  const Freshness fresh = FreshAt(now);
  std::vector<SeenSender> seen;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const ServerSnapshotPtr& owner = members_[i].snapshot;
    if (!owner || !owner->up || !fresh(owner->Of(CollectorId::kSenders).at)) continue;
    if (IsRepeated(i)) continue;
    const auto* fact = static_cast<const SendersFact*>(owner->Of(CollectorId::kSenders).fact.get());
    if (fact == nullptr) continue;
    for (const Sender& sender : fact->senders) {
      if (sender.kind != SenderKind::kStandby) continue;
      seen.push_back({{i, owner->address, &sender}, owner});
    }
  }
  return seen;
}

// All senders of all servers that answer, matched anew: a standby may have moved to another one.
void Memory::Link(const std::vector<SeenSender>& senders, Time now) {
  std::vector<Identity> identities;
  for (Member& member : members_) {
    identities.push_back(member.standby.identity);
    Unlink(member.standby);
  }
  // While a new server wasn't tried, they are not linked again.
  if (EveryMemberWasTried()) {
    for (Standby& other : others_) Unlink(other);
  }
  std::vector<SenderAt> rows;
  for (const SeenSender& sender : senders) rows.push_back(sender.at);
  const std::vector<Match> matches = MatchSenders(rows, identities);
  std::vector<SeenSender> unmatched;
  std::fill(ambiguous_.begin(), ambiguous_.end(), 0);
  for (std::size_t i = 0; i < senders.size(); ++i) {
    ambiguous_[senders[i].at.upstream] += matches[i].ambiguous ? 1 : 0;
    if (matches[i].server) {
      Standby& standby = members_[*matches[i].server].standby;
      if (!standby.upstream) roster_.Disown(*senders[i].at.sender);
      Attach(standby, senders[i]);
    } else if (!matches[i].ambiguous) {
      unmatched.push_back(senders[i]);
    }
  }
  for (Member& member : members_) FollowMove(member.standby, FreshAt(now));
  LinkOthers(unmatched, now);
}

// It streams from an address where it was not before, and no sender there could be matched: from the
// one server of that address, or from one that isn't configured.
void Memory::FollowMove(Standby& standby, const Freshness& fresh) const {
  const std::string& address = standby.identity.upstream;
  if (standby.FreshSender(fresh) != nullptr || !standby.ReceiverStreams(fresh) ||
      standby.upstream_address == address) {
    return;
  }
  standby.sender.reset();  // of an upstream that answers no more
  standby.upstream.reset();
  standby.upstream_address = address;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    // Private addresses come twice: another site may use the same.
    if (!member.snapshot || !member.IsOfSystem(standby.system_identifier)) continue;
    if (member.snapshot->address == address) standby.upstream = i;
  }
}

void Memory::WatchLinks(Time now) {
  const Freshness fresh = FreshAt(now);
  for (Member& member : members_) {
    if (member.role != Role::kStandby) continue;
    member.standby.SeeLink(EndOfUpstream(member.standby, fresh), fresh);
  }
  for (Standby& other : others_) other.SeeLink(EndOfUpstream(other, fresh), fresh);
}

std::optional<Lsn> Memory::EndOfUpstream(const Standby& standby, const Freshness& fresh) const {
  if (const Sender* row = standby.FreshSender(fresh)) return row->current;
  if (!standby.upstream) return std::nullopt;
  const Member& upstream = members_[*standby.upstream];
  if (upstream.role == Role::kStandby) return upstream.standby.Has();
  const PositionFact* position =
      upstream.TellsPosition(fresh) ? PositionOf(*upstream.snapshot) : nullptr;
  return position != nullptr ? position->flushed : std::nullopt;
}

// A row is gone only when the server it was seen on answers without it.
void Memory::Unlink(Standby& standby) const {
  if (!standby.upstream) return;
  const ServerSnapshotPtr& snapshot = members_[*standby.upstream].snapshot;
  if (snapshot && snapshot->up) standby.sender.reset();
}

void Memory::Attach(Standby& standby, const SeenSender& sender) {
  standby.SeeSender(std::shared_ptr<const Sender>(sender.owner, sender.at.sender),
                    sender.at.upstream, sender.owner->Of(CollectorId::kSenders).at);
}

bool Memory::EveryMemberWasTried() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const Member& member) { return member.snapshot != nullptr; });
}

void Memory::LinkOthers(const std::vector<SeenSender>& senders, Time now) {
  // Before, a sender may well be one of theirs.
  if (!EveryMemberWasTried()) return;
  std::vector<SenderAt> rows;
  for (const SeenSender& sender : senders) rows.push_back(sender.at);
  const std::vector<std::size_t> assigned = roster_.Assign(rows, now);
  others_.resize(roster_.standbys().size());
  for (std::size_t i = 0; i < senders.size(); ++i) {
    Standby& other = others_[assigned[i]];
    if (other.caught_up_at == Time{}) other.caught_up_at = now;
    Attach(other, senders[i]);
    if (other.replies.changed()) roster_.Confirm(assigned[i]);
    const Member& upstream = members_[senders[i].at.upstream];
    if (upstream.timeline) other.SeeTimeline(*upstream.timeline);
  }
  std::vector<Standby> kept;
  for (const std::size_t index : roster_.Forget(now)) kept.push_back(std::move(others_[index]));
  others_ = std::move(kept);
}

void Memory::Measure(Time now) {
  const Evaluation evaluation(*this, now);
  for (Member& member : members_) {
    if (member.role != Role::kStandby) continue;
    if (const auto lag = evaluation.Measure(member.standby)) member.standby.SeeMeasured(*lag);
  }
  for (Standby& other : others_) {
    if (const auto lag = evaluation.Measure(other)) other.SeeMeasured(*lag);
  }
  outlook_.Follow(*this, evaluation);
  Record(evaluation, now);
}

// Once in a pulse, and once all of it is seen: a page of this moment would say the same.
void Memory::Record(const Evaluation& evaluation, Time now) {
  if (now - recorded_at_ < options_.pulse_interval) return;
  recorded_at_ = now;
  for (Member& member : members_) {
    if (member.role == Role::kPrimary || !member.snapshot) continue;
    member.standby.recorder.See(evaluation.LagOf(member.standby).seconds, now);
  }
  for (Standby& other : others_) other.recorder.See(evaluation.LagOf(other).seconds, now);
}

Timelines& Memory::HistoryFor(const std::string& system_identifier) {
  return histories_.try_emplace(system_identifier, options_.pulse_interval).first->second;
}

const Timelines* Memory::HistoryOf(const std::string& system_identifier) const {
  const auto found = histories_.find(system_identifier);
  return found == histories_.end() ? nullptr : &found->second;
}

}  // namespace pgrepl::cluster
