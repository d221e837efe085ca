// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/view.h"

#include <algorithm>

#include "collectors/slots.h"
#include "collectors/wal_budget.h"
#include "exporter/cluster/diagnosis.h"
#include "exporter/cluster/evaluation.h"

namespace pgrepl::cluster {
namespace {

template <typename Fact>
const Fact* FactOf(const ServerView& view, CollectorId id) {
  return static_cast<const Fact*>(view.facts[static_cast<std::size_t>(id)]);
}

std::string LabelsOf(const Memory& memory, std::string_view server) {
  return ScopeLabels({{"pg_cluster", memory.options().name}, {"server", server}});
}

double AgeOf(Time then, Time now) { return std::max(0.0, Seconds(now - then)); }

void AddFacts(const Memory& memory, const Member& member, Time now, ServerView& view) {
  const ServerSnapshot& snapshot = *member.snapshot;
  view.tried = true;
  view.up = snapshot.up;
  view.stale = !memory.FreshAt(now)(snapshot.answered_at);
  view.reason = snapshot.reason;
  view.message = snapshot.message;
  view.version = snapshot.version_text;
  view.address = snapshot.address;
  view.superuser = snapshot.superuser;
  view.collectors = snapshot.AllCollectors();
  view.facts.resize(view.collectors.size());
  view.runs.resize(view.collectors.size());
  for (std::size_t i = 0; i < view.collectors.size(); ++i) {
    const CollectedFact& collected = snapshot.facts[i];
    view.runs[i] = collected.run;
    const Freshness fresh{now, memory.options().MaxAge(*view.collectors[i])};
    const bool kept = !snapshot.up && view.collectors[i]->keep_while_down;
    if (collected.fact && (kept || fresh(collected.at))) view.facts[i] = collected.fact.get();
  }
  // It stays what it is, however long ago it was read.
  const FactPtr& budget = snapshot.Of(CollectorId::kWalBudget).fact;
  if (budget) {
    view.wal_segment_bytes = static_cast<const WalBudgetFact*>(budget.get())->segment.value_or(0);
  }
  const auto* server = FactOf<ServerFact>(view, CollectorId::kServer);
  if (server != nullptr && server->clock > 0) {
    view.clock_skew_seconds = server->clock - snapshot.Of(CollectorId::kServer).wall_at;
  }
}

// Without inactive_since, which came with 17.
void AddSlotAges(const Member& member, Time now, ServerView& view) {
  const auto* fact = FactOf<SlotsFact>(view, CollectorId::kSlots);
  if (fact == nullptr || member.snapshot->version >= PgVersion(17)) return;
  for (const Slot& slot : fact->slots) {
    view.slot_inactive_seconds.push_back(member.slot_watch.InactiveSeconds(slot, now));
  }
}

ReceiverView ReceiverOf(const Standby& standby, const Freshness& fresh) {
  ReceiverView view{.up = standby.Receives(fresh), .restarts = standby.receiver_restarts};
  const bool configured = standby.receiver == nullptr || standby.receiver->conninfo_set != false;
  // PostgreSQL doesn't start a receiver again while one of these holds.
  const bool kept_away = standby.pause_state == "paused" || standby.apply_delay.value_or(0) > 0 ||
                         standby.HasBacklog();
  view.expected = configured && (view.up || !kept_away);
  // What is hidden is not silent.
  const bool hidden = standby.receiver != nullptr && standby.receiver->hidden;
  if (const auto changed = standby.messages.changed_at(); changed && !hidden) {
    view.last_message_age_seconds = AgeOf(*changed, fresh.now);
  }
  return view;
}

void AddSender(const Standby& standby, std::string_view name, std::size_t upstream,
               const Freshness& fresh, ServerView& view) {
  const auto heard = standby.HeardByUpstream();
  if (standby.upstream != upstream || !heard) return;
  view.senders.push_back({.standby = std::string(name),
                          .row = standby.FreshSender(fresh),
                          .reply_age_seconds = AgeOf(*heard, fresh.now),
                          .alive = standby.sender});
}

// The standbys whose row is, or last was, on this server.
void AddSenders(const Memory& memory, std::size_t upstream, const Freshness& fresh,
                ServerView& view) {
  for (const Member& member : memory.members()) {
    AddSender(member.standby, member.standby.identity.name, upstream, fresh, view);
  }
  for (std::size_t i = 0; i < memory.others().size(); ++i) {
    const Roster::Standby& named = memory.roster().standbys()[i];
    if (named.listed) AddSender(memory.others()[i], named.name, upstream, fresh, view);
  }
}

// The standbys that receive from this server, or last did and have no other upstream now.
void AddEdges(const Memory& memory, std::size_t upstream, const Freshness& fresh,
              ServerView& view) {
  const auto add = [&](const Standby& standby, const std::string& name) {
    if (standby.upstream == upstream) view.edges.push_back({name, standby.Receives(fresh)});
  };
  for (const Member& member : memory.members()) {
    if (member.role == Role::kStandby) add(member.standby, member.standby.identity.name);
  }
  for (std::size_t i = 0; i < memory.others().size(); ++i) {
    const Roster::Standby& named = memory.roster().standbys()[i];
    if (named.listed) add(memory.others()[i], named.name);
  }
  if (view.up) view.ambiguous_senders = memory.AmbiguousSendersOf(upstream);
}

ServerView MemberView(const Memory& memory, const Evaluation& evaluation,
                      const Diagnosis& diagnosis, std::size_t index, Time now) {
  const Member& member = memory.members()[index];
  const ServerOptions& options = memory.options().servers[index];
  ServerView view{.name = options.name, .role = member.role, .timeline = member.timeline};
  view.role_changes = member.role_changes;
  view.system_identifier = member.system_identifier;
  view.labels = LabelsOf(memory, options.name);
  view.wal_filesystem_bytes = options.wal_filesystem_bytes;
  if (member.snapshot) {
    AddFacts(memory, member, now, view);
    AddSlotAges(member, now, view);
  }
  if (member.role != Role::kPrimary) {
    view.lag = evaluation.LagOf(member.standby);
    view.lag->threshold = options.max_lag_seconds;
    view.lag_trail = member.standby.recorder.Trail();
    view.lag->apply_delay = member.standby.apply_delay;
    diagnosis.Explain(index, *view.lag);
    view.receiver = ReceiverOf(member.standby, memory.FreshAt(now));
    view.upstream_address = member.standby.identity.upstream;
    view.wal_margin_bytes = diagnosis.WalMargin(member.standby);
    view.primary_settings = diagnosis.PrimarySettings();
    view.candidacy = memory.outlook().Of(memory, evaluation, index);
  }
  if (member.role == Role::kPrimary) view.wal_written_bytes = member.wal_written.bytes();
  if (member.role == Role::kPrimary && view.up) {
    view.unarchived_seconds = evaluation.UnarchivedSeconds(member);
    view.syncrep_oldest_wait_seconds = member.sync_waits.OldestSeconds(now);
  }
  view.diverged = evaluation.HasDiverged(member);
  AddSenders(memory, index, memory.FreshAt(now), view);
  AddEdges(memory, index, memory.FreshAt(now), view);
  return view;
}

ServerView OtherView(const Memory& memory, const Evaluation& evaluation, const Diagnosis& diagnosis,
                     std::size_t index, Time now) {
  const Standby& standby = memory.others()[index];
  const std::string& name = memory.roster().standbys()[index].name;
  ServerView view{.name = name, .configured = false, .tried = true, .role = Role::kStandby};
  view.timeline = standby.timeline;
  view.labels = LabelsOf(memory, name);
  view.lag = evaluation.LagOf(standby);
  view.lag_trail = standby.recorder.Trail();
  diagnosis.Explain(standby, *view.lag);
  view.receiver = ReceiverView{.up = standby.Receives(memory.FreshAt(now))};
  return view;
}

// Only standbys, one of which streams from a server that isn't configured: the primary is somebody
// else's. A server that was never reached may be the primary that is missing.
int AutomaticPrimaries(const Memory& memory) {
  bool from_elsewhere = false;
  for (const Member& member : memory.members()) {
    if (member.role != Role::kStandby || member.role_changes > 0) return 1;
    from_elsewhere |= member.standby.identity.seen && !member.standby.upstream;
  }
  return from_elsewhere ? 0 : 1;
}

}  // namespace

ClusterView BuildView(const Memory& memory, Time now) {
  const ClusterOptions& options = memory.options();
  const Evaluation evaluation(memory, now);
  const Diagnosis diagnosis(memory, evaluation, now);
  ClusterView view{.name = options.name, .labels = ScopeLabels({{"pg_cluster", options.name}})};
  for (std::size_t i = 0; i < memory.members().size(); ++i) {
    view.servers.push_back(MemberView(memory, evaluation, diagnosis, i, now));
    if (memory.members()[i].snapshot) view.alive.push_back(memory.members()[i].snapshot);
  }
  for (std::size_t i = 0; i < memory.others().size(); ++i) {
    if (memory.roster().standbys()[i].listed) {
      view.servers.push_back(OtherView(memory, evaluation, diagnosis, i, now));
    }
  }
  view.primaries = evaluation.Primaries();
  view.rpo_standby = memory.outlook().Standbys(memory, now);
  view.rpo_any = memory.outlook().Anybody(memory, now);
  view.expected_primaries = options.expected_primaries.value_or(AutomaticPrimaries(memory));
  const int rest = static_cast<int>(options.servers.size()) - view.expected_primaries;
  view.expected_standbys = options.expected_standbys.value_or(std::max(rest, 0));
  return view;
}

}  // namespace pgrepl::cluster
