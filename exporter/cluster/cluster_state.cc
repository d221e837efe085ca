// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/cluster_state.h"

#include <algorithm>
#include <utility>

namespace pgrepl::cluster {
namespace {

const PositionFact* PositionOf(const ServerSnapshot& snapshot) {
  return static_cast<const PositionFact*>(snapshot.Of(CollectorId::kLag).fact.get());
}

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

// The upstream has a row for it, which says more than the receiver's "streaming".
bool IsConnected(std::string_view state) { return state == "streaming" || state == "catchup"; }

}  // namespace

ClusterState::ClusterState(ClusterOptions options, Time now)
    : options_(std::move(options)),
      started_(now),
      roster_(Names(options_), options_.remember_vanished) {
  members_.resize(options_.servers.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    members_[i].standby.identity.name = options_.servers[i].name;
    members_[i].standby.caught_up_at = now;
  }
}

void ClusterState::Observe(std::size_t server, const ServerSnapshotPtr& snapshot, Time now) {
  MutexLock lock(mutex_);
  Member& member = members_[server];
  member.snapshot = snapshot;
  if (snapshot->up) {
    member.standby.identity.host = HostOf(snapshot->address);
    FollowRole(member, *snapshot);
    FollowPrimary(member, *snapshot);
    FollowReceiver(member, *snapshot, now);
  }
  Link(now);
  NoteCaughtUp(now);
}

void ClusterState::FollowRole(Member& member, const ServerSnapshot& snapshot) {
  if (member.role && snapshot.role && *member.role != *snapshot.role) ++member.role_changes;
  if (snapshot.role) member.role = snapshot.role;
  const CollectedFact& identity = snapshot.Of(CollectorId::kServer);
  if (identity.fact) {
    member.system_identifier =
        static_cast<const ServerFact*>(identity.fact.get())->system_identifier;
  }
}

void ClusterState::FollowPrimary(Member& member, const ServerSnapshot& snapshot) {
  const PositionFact* position = PositionOf(snapshot);
  if (snapshot.role != Role::kPrimary || position == nullptr || !position->flushed ||
      !position->timeline) {
    return;
  }
  const Time at = snapshot.Of(CollectorId::kLag).at;
  const auto timeline = static_cast<TimelineId>(*position->timeline);
  auto& timelines =
      histories_.try_emplace(member.system_identifier, options_.pulse_interval).first->second;
  // A promoted server keeps the LSN at which it left its old timeline until it restarts; the
  // parent is the one it followed, else the one before.
  if (position->replayed && timeline > 1 && !timelines.ForkOf(timeline)) {
    const auto before = static_cast<TimelineId>(member.timeline.value_or(timeline - 1));
    timelines.Fork(before < timeline ? before : timeline - 1, timeline, position->replayed->bytes,
                   at);
  }
  member.timeline = position->timeline;
  member.standby.SeeTimeline(*position->timeline);
  std::optional<std::uint64_t> transactions;
  if (position->snapshot) transactions = static_cast<std::uint64_t>(*position->snapshot);
  timelines.On(timeline).Append(at, position->flushed->bytes, transactions);
}

void ClusterState::FollowReceiver(Member& member, const ServerSnapshot& snapshot, Time now) {
  if (snapshot.role != Role::kStandby) return;
  Standby& standby = member.standby;
  const CollectedFact& receiver = snapshot.Of(CollectorId::kReceiver);
  if (receiver.fact && receiver.at > standby.receiver_at) {
    standby.SeeReceiver(receiver.fact, receiver.at);
  }
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const PositionFact* position = PositionOf(snapshot);
  if (standby.ReceiverStreams(fresh) && standby.receiver->timeline) {
    member.timeline = standby.receiver->timeline;
  } else if (position != nullptr && position->timeline) {
    // The control file's lags behind: only ever a lower bound.
    member.timeline = std::max(member.timeline.value_or(0), *position->timeline);
  }
  if (member.timeline) standby.SeeTimeline(*member.timeline);
  if (position != nullptr && position->replayed) {
    standby.SeeReplay(*position->replayed, snapshot.Of(CollectorId::kLag).at);
    standby.paused = position->pause_state == "paused";
    standby.delayed = position->apply_delay.value_or(0) > 0;
    standby.backlog = position->received && *position->received > *position->replayed;
  }
  LearnFromReceiver(member);
}

// Without a primary to ask, a receiver at the top passes on what its upstream had flushed, as of
// its last message.
void ClusterState::LearnFromReceiver(const Member& member) {
  const Standby& standby = member.standby;
  const auto vouched = standby.messages.changed_at();
  if (standby.receiver == nullptr || !standby.receiver->present || !vouched ||
      !standby.receiver->latest_end || !standby.receiver->timeline) {
    return;
  }
  const Time now = standby.receiver_at;
  const bool relayed = standby.upstream && members_[*standby.upstream].role == Role::kStandby;
  const bool primary_answers = std::any_of(
      members_.begin(), members_.end(),
      [&](const Member& other) PGREPL_REQUIRES(mutex_) { return IsLivePrimary(other, now); });
  if (relayed || primary_answers) return;
  auto& timelines =
      histories_.try_emplace(member.system_identifier, options_.pulse_interval).first->second;
  timelines.On(static_cast<TimelineId>(*standby.receiver->timeline))
      .Append(*vouched, standby.receiver->latest_end->bytes, std::nullopt);
}

// All senders of all servers that answer, matched anew: a standby may have moved to another one.
void ClusterState::Link(Time now) {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  std::vector<SenderAt> senders;
  std::vector<ServerSnapshotPtr> owners;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const ServerSnapshotPtr& snapshot = members_[i].snapshot;
    if (!snapshot || !snapshot->up || !fresh(snapshot->Of(CollectorId::kSenders).at)) continue;
    const auto* fact =
        static_cast<const SendersFact*>(snapshot->Of(CollectorId::kSenders).fact.get());
    if (fact == nullptr) continue;
    for (const Sender& sender : fact->senders) {
      if (sender.kind != SenderKind::kStandby) continue;
      senders.push_back({i, snapshot->address, &sender});
      owners.push_back(snapshot);
    }
  }
  LinkSenders(senders, owners, now);
}

void ClusterState::LinkSenders(const std::vector<SenderAt>& senders,
                               const std::vector<ServerSnapshotPtr>& owners, Time now) {
  std::vector<Identity> identities;
  for (Member& member : members_) {
    identities.push_back(member.standby.identity);
    Unlink(member.standby);
  }
  for (Standby& other : others_) Unlink(other);
  const std::vector<Match> matches = MatchSenders(senders, identities);
  std::vector<SenderAt> unmatched;
  std::vector<ServerSnapshotPtr> unmatched_owners;
  for (std::size_t i = 0; i < senders.size(); ++i) {
    if (matches[i].server) {
      Attach(members_[*matches[i].server].standby, senders[i], owners[i]);
    } else if (!matches[i].ambiguous) {
      unmatched.push_back(senders[i]);
      unmatched_owners.push_back(owners[i]);
    }
  }
  LinkOthers(unmatched, unmatched_owners, now);
}

// A row is gone only when the server it was seen on answers without it.
void ClusterState::Unlink(Standby& standby) {
  if (!standby.upstream) return;
  const ServerSnapshotPtr& snapshot = members_[*standby.upstream].snapshot;
  if (snapshot && snapshot->up) standby.sender.reset();
}

void ClusterState::Attach(Standby& standby, const SenderAt& at, const ServerSnapshotPtr& owner) {
  standby.SeeSender(std::shared_ptr<const Sender>(owner, at.sender), at.upstream,
                    owner->Of(CollectorId::kSenders).at);
}

void ClusterState::LinkOthers(const std::vector<SenderAt>& senders,
                              const std::vector<ServerSnapshotPtr>& owners, Time now) {
  const bool all_tried = std::all_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.snapshot != nullptr;
  });
  if (!all_tried) return;
  const std::vector<std::size_t> assigned = roster_.Assign(senders, now);
  others_.resize(roster_.standbys().size());
  for (std::size_t i = 0; i < senders.size(); ++i) {
    Standby& other = others_[assigned[i]];
    if (other.caught_up_at == Time{}) other.caught_up_at = now;
    Attach(other, senders[i], owners[i]);
    const Member& upstream = members_[senders[i].upstream];
    if (upstream.timeline) other.SeeTimeline(*upstream.timeline);
  }
  std::vector<Standby> kept;
  for (const std::size_t index : roster_.Forget(now)) kept.push_back(std::move(others_[index]));
  others_ = std::move(kept);
}

void ClusterState::NoteCaughtUp(Time now) {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const auto note = [&](Standby& standby) PGREPL_REQUIRES(mutex_) {
    const auto position = standby.Position(fresh);
    if (!position || !fresh(position->at) || position->at <= standby.caught_up_at) return;
    const Basis basis = BasisOf(standby, now);
    if (basis.reference != Reference::kPrimary && basis.reference != Reference::kReceiver) return;
    if (!std::holds_alternative<CaughtUp>(StandingOf(standby, *position, basis))) return;
    standby.caught_up_at = position->at;
    standby.caught_up_once = true;
    standby.replaying_again = false;
  };
  for (Member& member : members_) {
    if (member.role == Role::kStandby) note(member.standby);
  }
  for (Standby& other : others_) note(other);
}

Duration ClusterState::MaxAge(Cadence cadence) const {
  switch (cadence) {
    case Cadence::kPulse:
      return 2 * options_.pulse_interval + options_.pulse_deadline;
    case Cadence::kNormal:
      return 3 * options_.interval;
    case Cadence::kSlow:
      return 3 * options_.slow_interval;
  }
  return {};
}

bool ClusterState::IsLivePrimary(const Member& member, Time now) const {
  return member.role == Role::kPrimary && member.snapshot && member.snapshot->up &&
         Freshness{now, MaxAge(Cadence::kPulse)}(member.snapshot->Of(CollectorId::kLag).at);
}

// The primary at the top of its chain of upstreams, live or not.
const ClusterState::Member* ClusterState::RootOf(const Standby& standby) const {
  std::optional<std::size_t> at = standby.upstream;
  for (std::size_t hops = 0; at && hops < members_.size(); ++hops) {
    const Member& member = members_[*at];
    if (member.role == Role::kPrimary) return &member;
    at = member.standby.upstream;
  }
  return nullptr;
}

// Its own root while that lives, else the live primary of the newest timeline, else the last one.
const ClusterState::Member* ClusterState::PrimaryFor(const Standby& standby, Time now) const {
  const Member* root = RootOf(standby);
  if (root != nullptr && IsLivePrimary(*root, now)) return root;
  const Member* best = nullptr;
  for (const Member& member : members_) {
    if (member.role != Role::kPrimary) continue;
    const auto rank = [&](const Member& m) PGREPL_REQUIRES(mutex_) {
      return std::pair(IsLivePrimary(m, now), m.timeline.value_or(0));
    };
    if (best == nullptr || rank(member) > rank(*best)) best = &member;
  }
  return best;
}

ClusterState::Basis ClusterState::BasisOf(const Standby& standby, Time now) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const Member* primary = PrimaryFor(standby, now);
  Basis basis;
  if (primary != nullptr) {
    basis.system_identifier = &primary->system_identifier;
    basis.timeline = primary->timeline;
  }
  if (primary != nullptr && IsLivePrimary(*primary, now)) {
    basis.reference = Reference::kPrimary;
    return basis;
  }
  for (const Member& member : members_) {
    if (!member.standby.ReceiverVouches(fresh)) continue;
    if (member.standby.upstream && members_[*member.standby.upstream].role == Role::kStandby) {
      continue;
    }
    basis.reference = Reference::kReceiver;
    basis.system_identifier = &member.system_identifier;
    basis.timeline = std::max(basis.timeline, member.timeline);
    return basis;
  }
  if (primary != nullptr && primary->snapshot && !primary->snapshot->up) {
    const UpReason reason = primary->snapshot->reason;
    const bool refuses = reason == UpReason::kRefused || reason == UpReason::kShuttingDown ||
                         reason == UpReason::kStarting || reason == UpReason::kNotConsistent;
    basis.reference = refuses ? Reference::kDead : Reference::kUnreachable;
  }
  return basis;
}

Standing ClusterState::StandingOf(const Standby& standby, const ReplayPosition& position,
                                  const Basis& basis) const {
  if (basis.system_identifier == nullptr || !basis.timeline) return NotComparable{};
  const auto history = histories_.find(*basis.system_identifier);
  if (history == histories_.end()) return NotComparable{};
  const auto current = static_cast<TimelineId>(*basis.timeline);
  const auto timeline = static_cast<TimelineId>(standby.timeline.value_or(*basis.timeline));
  return history->second.Measure(timeline, position.lsn.bytes, current);
}

LagView ClusterState::LagOf(const Standby& standby, Time now) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const Basis basis = BasisOf(standby, now);
  const auto position = standby.Position(fresh);
  LagInputs inputs{.now = now,
                   .standing = NotComparable{},
                   .position_known = position.has_value(),
                   .reference = basis.reference,
                   .caught_up_at = standby.caught_up_at,
                   .replaying_again = standby.replaying_again};
  if (position) {
    inputs.standing = StandingOf(standby, *position, basis);
    inputs.sampled_at = position->at;
    inputs.moved = position->moved;
    // A sample is overdue once the next should have come.
    inputs.fresh = now - position->at <= 2 * options_.pulse_interval;
  }
  LagView view = EvaluateLag(inputs);
  view.bytes = BytesOf(standby, basis, now);
  view.caught_up_once = standby.caught_up_once;
  const Sender* sender = standby.FreshSender(fresh);
  const bool receives = standby.ReceiverStreams(fresh);
  view.connected = receives || (sender != nullptr && IsConnected(sender->state));
  view.streaming = sender != nullptr ? sender->state == "streaming" : receives;
  return view;
}

LagBytes ClusterState::BytesOf(const Standby& standby, const Basis& basis, Time now) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  LagBytes bytes;
  if (const Sender* sender = standby.FreshSender(fresh)) {
    if (sender->current && sender->sent) bytes.send = BytesBetween(*sender->sent, *sender->current);
    if (sender->sent && sender->written) {
      bytes.write = BytesBetween(*sender->written, *sender->sent);
    }
    if (sender->written && sender->flushed) {
      bytes.flush = BytesBetween(*sender->flushed, *sender->written);
    }
    if (sender->flushed && sender->replayed) {
      bytes.replay = BytesBetween(*sender->replayed, *sender->flushed);
    }
  }
  const auto position = standby.Position(fresh);
  if (!position || basis.system_identifier == nullptr || !basis.timeline) return bytes;
  const auto history = histories_.find(*basis.system_identifier);
  if (history == histories_.end()) return bytes;
  const LsnHistory* current = history->second.Find(static_cast<TimelineId>(*basis.timeline));
  if (current == nullptr || !current->LatestLsn()) return bytes;
  if (std::holds_alternative<Diverged>(StandingOf(standby, *position, basis))) return bytes;
  bytes.total = BytesBetween(position->lsn, Lsn{*current->LatestLsn()});
  return bytes;
}

bool ClusterState::SomebodyStreamsFrom(std::size_t index, Time now) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    const Standby& standby = member.standby;
    return standby.upstream == index && standby.ReceiverStreams(fresh) &&
           standby.identity.upstream == standby.upstream_address;
  });
}

int ClusterState::CountPrimaries(Time now) const {
  std::vector<std::pair<std::string, double>> seen;
  int count = 0;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Member& member = members_[i];
    if (member.role != Role::kPrimary) continue;
    if (!IsLivePrimary(member, now)) {
      count += SomebodyStreamsFrom(i, now) ? 1 : 0;
      continue;
    }
    // The same server through two addresses is one.
    const FactPtr& identity = member.snapshot->Of(CollectorId::kServer).fact;
    const double started =
        identity ? static_cast<const ServerFact*>(identity.get())->start_time : 0.0;
    const std::pair key(member.system_identifier, started);
    if (started > 0 && std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
    seen.push_back(key);
    ++count;
  }
  return count;
}

ClusterView ClusterState::View(Time now) const {
  MutexLock lock(mutex_);
  ClusterView view{.name = options_.name,
                   .servers = {},
                   .labels = ScopeLabels({{"pg_cluster", options_.name}}),
                   .alive = {}};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    view.servers.push_back(MemberView(i, now));
    if (members_[i].snapshot) view.alive.push_back(members_[i].snapshot);
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (roster_.standbys()[i].listed) view.servers.push_back(OtherView(i, now));
  }
  view.primaries = CountPrimaries(now);
  const bool any_primary = std::any_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.role == Role::kPrimary;
  });
  const bool any_standby = std::any_of(members_.begin(), members_.end(), [](const Member& member) {
    return member.role == Role::kStandby;
  });
  // Only standbys, with an upstream that isn't configured: the primary is somebody else's.
  view.expected_primaries =
      options_.expected_primaries.value_or(!any_primary && any_standby ? 0 : 1);
  const int others = static_cast<int>(members_.size()) - view.expected_primaries;
  view.expected_standbys = options_.expected_standbys.value_or(std::max(others, 0));
  return view;
}

ServerView ClusterState::MemberView(std::size_t index, Time now) const {
  const Member& member = members_[index];
  const std::string& name = options_.servers[index].name;
  ServerView view{.name = name, .role = member.role, .timeline = member.timeline};
  view.role_changes = member.role_changes;
  view.system_identifier = member.system_identifier;
  view.labels = ScopeLabels({{"pg_cluster", options_.name}, {"server", name}});
  if (member.role != Role::kPrimary) {
    view.lag = LagOf(member.standby, now);
    view.lag->threshold = options_.servers[index].max_lag_seconds;
    view.receiver = ReceiverOf(member.standby, now);
  }
  if (member.snapshot) AddFacts(member, now, view);
  AddSenders(index, now, view);
  return view;
}

void ClusterState::AddFacts(const Member& member, Time now, ServerView& view) const {
  const ServerSnapshot& snapshot = *member.snapshot;
  view.tried = true;
  view.up = snapshot.up;
  view.reason = snapshot.reason;
  view.version = snapshot.version_text;
  view.address = snapshot.address;
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    const CollectedFact& collected = snapshot.facts[i];
    view.runs[i] = collected.run;
    const Duration max_age = MaxAge(Collectors()[i]->cadence);
    if (collected.fact && Freshness{now, max_age}(collected.at)) {
      view.facts[i] = collected.fact.get();
    }
  }
  const CollectedFact& identity = snapshot.Of(CollectorId::kServer);
  const auto* server =
      static_cast<const ServerFact*>(view.facts[static_cast<std::size_t>(CollectorId::kServer)]);
  if (server != nullptr && server->clock > 0) {
    view.clock_skew_seconds = server->clock - identity.wall_at;
  }
  const auto* position =
      static_cast<const PositionFact*>(view.facts[static_cast<std::size_t>(CollectorId::kLag)]);
  if (view.lag && position != nullptr) view.lag->apply_delay = position->apply_delay;
}

ReceiverView ClusterState::ReceiverOf(const Standby& standby, Time now) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const Sender* sender = standby.FreshSender(fresh);
  ReceiverView view;
  view.up = standby.ReceiverStreams(fresh) || (sender != nullptr && IsConnected(sender->state));
  const bool configured = standby.receiver == nullptr || standby.receiver->conninfo_set != false;
  // PostgreSQL doesn't start a receiver again while these hold.
  const bool kept_away = standby.paused || standby.delayed || standby.backlog;
  view.expected = configured && (view.up || !kept_away);
  view.restarts = standby.receiver_restarts;
  if (const auto changed = standby.messages.changed_at()) {
    view.last_message_age_seconds = std::max(0.0, Seconds(now - *changed));
  }
  return view;
}

// The standbys whose row is, or last was, on this server.
void ClusterState::AddSenders(std::size_t index, Time now, ServerView& view) const {
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  const auto add = [&](const Standby& standby, std::string_view name) {
    const auto changed = standby.replies.changed_at();
    if (standby.upstream != index || !changed) return;
    view.senders.push_back(
        {name, standby.FreshSender(fresh), std::max(0.0, Seconds(now - *changed)), standby.sender});
  };
  for (std::size_t i = 0; i < members_.size(); ++i) {
    add(members_[i].standby, options_.servers[i].name);
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (roster_.standbys()[i].listed) add(others_[i], roster_.standbys()[i].name);
  }
}

ServerView ClusterState::OtherView(std::size_t index, Time now) const {
  const Standby& standby = others_[index];
  const std::string& name = roster_.standbys()[index].name;
  const Freshness fresh{now, MaxAge(Cadence::kPulse)};
  ServerView view{.name = name, .configured = false, .tried = true, .role = Role::kStandby};
  view.timeline = standby.timeline;
  view.labels = ScopeLabels({{"pg_cluster", options_.name}, {"server", name}});
  view.lag = LagOf(standby, now);
  const Sender* sender = standby.FreshSender(fresh);
  view.receiver = ReceiverView{.up = sender != nullptr && IsConnected(sender->state)};
  return view;
}

}  // namespace pgrepl::cluster
