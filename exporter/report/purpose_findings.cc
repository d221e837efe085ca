// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/purpose_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "collectors/slots.h"
#include "collectors/sync.h"
#include "exporter/report/findings.h"
#include "exporter/report/topology.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// What is in flight on a link that keeps up; one WAL segment.
constexpr double kCaughtUpBytes = 16 << 20;
constexpr double kCaughtUpSeconds = 5;

/// What a purpose finds; most of it is about the primary and the standby that would lead.
class Case {
 public:
  Case(const ClusterView& cluster, Findings& findings) : cluster_(cluster), findings_(findings) {}

  [[nodiscard]] const ClusterView& cluster() const { return cluster_; }
  [[nodiscard]] const ServerView* primary() const { return PrimaryOf(cluster_); }

  void Add(Severity severity, std::string_view id, const ServerView* server, std::string what,
           std::string why, std::string mend) {
    findings_.push_back({severity, id, server == nullptr ? "" : Plain(server->name),
                         std::move(what), std::move(why), std::move(mend)});
  }

 private:
  const ClusterView& cluster_;
  Findings& findings_;
};

const Slot* Find(const SlotsFact* fact, std::string_view name) {
  if (fact == nullptr) return nullptr;
  const auto found = std::find_if(fact->slots.begin(), fact->slots.end(),
                                  [&](const Slot& slot) { return slot.name == name; });
  return found == fact->slots.end() ? nullptr : &*found;
}

bool IsCaughtUp(const LagView& lag) {
  return lag.connected && lag.known && lag.seconds <= kCaughtUpSeconds &&
         lag.bytes.total.value_or(0) <= kCaughtUpBytes;
}

void CheckCatchUp(const ServerView& standby, Case& it) {
  if (!standby.lag || IsCaughtUp(*standby.lag)) return;
  const std::string name = Plain(standby.name);
  it.Add(Severity::kWarning, "not_caught_up", &standby,
         fmt::format("it is not caught up: {} behind, {}", SayLag(*standby.lag),
                     SayLink(*standby.lag)),
         "What it lacks must be sent and replayed first, or is lost to it.",
         fmt::format("pg_replication_exporter wait --standby {} --max-lag 1s", name));
}

// --- switchover ---

void CheckLogicalSlot(const ServerView& primary, const ServerView& leader, const Slot& slot,
                      Case& it) {
  const Slot* copy = Find(FactOf<SlotsFact>(leader, CollectorId::kSlots), slot.name);
  if (copy != nullptr && copy->synced == true && copy->wal_status != "lost") return;
  const std::string name = Plain(slot.name);
  const std::string mend =
      slot.failover.has_value()
          ? fmt::format(
                "By the subscriber (ALTER SUBSCRIPTION ... SET (failover = true), while "
                "disabled), and on {}:\nALTER SYSTEM SET sync_replication_slots = "
                "on;\nSELECT pg_reload_conf();",
                Plain(leader.name))
          : "Before 17 nothing carries it over: stop the writers, let its consumer drain it, "
            "switch "
            "over, and create it anew before writers come back.";
  it.Add(Severity::kCritical, "slot_would_be_lost", &primary,
         fmt::format("logical slot {} has no synced copy on {}", name, Plain(leader.name)),
         "After the switchover its consumer finds no slot and misses what was written since.",
         mend);
}

void CheckPhysicalSlot(const ServerView& primary, const ServerView& leader, const Slot& slot,
                       Case& it) {
  const auto* receiver = FactOf<ReceiverFact>(leader, CollectorId::kReceiver);
  const bool its_own = receiver != nullptr && receiver->slot_setting == slot.name;
  const auto* theirs = FactOf<SlotsFact>(leader, CollectorId::kSlots);
  if (its_own || slot.temporary || theirs == nullptr || Find(theirs, slot.name) != nullptr) return;
  it.Add(Severity::kWarning, "slot_missing_on_candidate", &primary,
         fmt::format("slot {} is not on {}", Plain(slot.name), Plain(leader.name)),
         "The standby that uses it can't connect there before it is.",
         fmt::format("On {}:\nSELECT pg_create_physical_replication_slot('{}', true);",
                     Plain(leader.name), Plain(slot.name)));
}

void CheckSlots(const ServerView& primary, const ServerView& leader, Case& it) {
  const auto* fact = FactOf<SlotsFact>(primary, CollectorId::kSlots);
  if (fact == nullptr) return;
  for (const Slot& slot : fact->slots) {
    if (slot.type == "logical" && !slot.temporary) CheckLogicalSlot(primary, leader, slot, it);
    if (slot.type == "physical") CheckPhysicalSlot(primary, leader, slot, it);
  }
}

// Standbys, the old primary among them, must not have less than the one that will lead.
void CheckSettings(const ServerView& leader, Case& it) {
  const auto* leading = FactOf<SettingsFact>(leader, CollectorId::kSettings);
  for (const ServerView& server : it.cluster().servers) {
    const auto* own = FactOf<SettingsFact>(server, CollectorId::kSettings);
    if (own == nullptr || leading == nullptr) continue;
    for (const std::string_view setting : TooLow(*own, *leading)) {
      it.Add(Severity::kCritical, "setting_below_candidate", &server,
             fmt::format("{} is lower than on {}", setting, Plain(leader.name)),
             "It would be a standby of that one, and not replay.",
             fmt::format("On {}, and restart it: ALTER SYSTEM SET {} = as on {};",
                         Plain(server.name), setting, Plain(leader.name)));
    }
  }
}

void CheckWalLevel(const ServerView& primary, const ServerView& leader, Case& it) {
  const auto* now = FactOf<SettingsFact>(primary, CollectorId::kSettings);
  const auto* then = FactOf<SettingsFact>(leader, CollectorId::kSettings);
  if (now == nullptr || then == nullptr || now->wal_level == then->wal_level) return;
  it.Add(Severity::kCritical, "wal_level_differs", &leader,
         fmt::format("wal_level is {}, on the primary {}", then->wal_level, now->wal_level),
         "Once it leads, its WAL is of that level.",
         fmt::format("On {}, with a restart:\nALTER SYSTEM SET wal_level = {};", Plain(leader.name),
                     now->wal_level));
}

void CheckRewind(const ServerView& primary, Case& it) {
  const auto* settings = FactOf<SettingsFact>(primary, CollectorId::kSettings);
  if (settings == nullptr || settings->rewind_possible) return;
  it.Add(Severity::kWarning, "rewind_impossible", &primary,
         "pg_rewind couldn't bring it back: neither wal_log_hints nor data checksums",
         "If it isn't shut down cleanly before the other leads, it needs a new base backup.",
         fmt::format("On {}, with a restart:\nALTER SYSTEM SET wal_log_hints = on;",
                     Plain(primary.name)));
}

void CheckSenders(const ServerView& leader, Case& it) {
  const auto* settings = FactOf<SettingsFact>(leader, CollectorId::kSettings);
  const auto needed = static_cast<std::int64_t>(it.cluster().servers.size()) - 1;
  if (settings == nullptr || MaxSenders(*settings) >= needed) return;
  it.Add(Severity::kCritical, "too_few_senders", &leader,
         fmt::format("max_wal_senders is {}, it would have {} standbys", MaxSenders(*settings),
                     needed),
         "The others can't all follow it.",
         fmt::format("On {}, with a restart:\nALTER SYSTEM SET max_wal_senders = {};",
                     Plain(leader.name), needed + 5));
}

void ForSwitchover(Case& it) {
  const ServerView* leader = CandidateOf(it.cluster());
  if (leader == nullptr) {
    it.Add(Severity::kCritical, "no_candidate", nullptr, "no standby is fit to lead",
           "Each is down, paused, delayed, diverged, or meant for something else.",
           "pg_replication_exporter topology says why not of each.");
    return;
  }
  it.Add(Severity::kOk, "candidate", leader, "it should lead", "It has most WAL.", "");
  CheckCatchUp(*leader, it);
  CheckSettings(*leader, it);
  CheckSenders(*leader, it);
  if (it.primary() == nullptr) return;
  CheckSlots(*it.primary(), *leader, it);
  CheckWalLevel(*it.primary(), *leader, it);
  CheckRewind(*it.primary(), it);
}

// --- restart ---

void CheckBackups(const ServerView& server, Case& it) {
  const auto* fact = FactOf<SendersFact>(server, CollectorId::kSenders);
  if (fact == nullptr) return;
  const auto backups =
      std::count_if(fact->senders.begin(), fact->senders.end(),
                    [](const Sender& one) { return one.kind == SenderKind::kBackup; });
  if (backups == 0) return;
  it.Add(Severity::kWarning, "backup_runs", &server, "a base backup is being taken from it",
         "A restart ends it.", "Wait for it: SELECT * FROM pg_stat_progress_basebackup;");
}

// Restarting the only one that commits can wait for stops them meanwhile.
void CheckSpareSync(const ServerView& primary, Case& it) {
  const auto* sync = FactOf<SyncFact>(primary, CollectorId::kSync);
  const auto* fact = FactOf<SendersFact>(primary, CollectorId::kSenders);
  if (sync == nullptr || fact == nullptr || sync->requirement.method == SyncMethod::kNone) return;
  const auto fit = std::count_if(fact->senders.begin(), fact->senders.end(), [](const Sender& one) {
    return !one.sync_state.empty() && one.sync_state != "async";
  });
  if (fit > sync->requirement.number) return;
  it.Add(
      Severity::kWarning, "no_spare_sync", &primary,
      fmt::format("commits wait for {} standbys, and {} can be those", sync->requirement.number,
                  fit),
      "While one of them restarts, commits hang.",
      fmt::format("Meanwhile, on {}: ALTER SYSTEM SET synchronous_standby_names to one more name, "
                  "or '', and SELECT pg_reload_conf();",
                  Plain(primary.name)));
}

void ForRestart(Case& it) {
  for (const ServerView& server : it.cluster().servers) {
    CheckBackups(server, it);
    if (server.role == Role::kStandby && server.configured) CheckCatchUp(server, it);
  }
  if (it.primary() != nullptr) CheckSpareSync(*it.primary(), it);
}

// --- upgrade ---

void CheckUpgradedSlot(const ServerView& primary, const Slot& slot, Case& it) {
  const bool kept = slot.type == "logical" && slot.failover.has_value();
  if (kept || slot.temporary) return;
  it.Add(slot.type == "logical" ? Severity::kCritical : Severity::kWarning, "slot_not_upgraded",
         &primary, fmt::format("pg_upgrade leaves {} slot {} behind", slot.type, Plain(slot.name)),
         slot.type == "logical"
             ? "Its consumer would miss what is written before the slot is there again."
             : "The standby that uses it can't connect before it is there again.",
         slot.type == "logical"
             ? "Stop the writers, let its consumer drain it, and create it anew before they return."
             : fmt::format("After the upgrade, on {}:\nSELECT "
                           "pg_create_physical_replication_slot('{}', true);",
                           Plain(primary.name), Plain(slot.name)));
}

void ForUpgrade(Case& it) {
  for (const ServerView& server : it.cluster().servers) {
    CheckBackups(server, it);
    if (server.role == Role::kStandby) CheckCatchUp(server, it);
  }
  if (it.primary() == nullptr) return;
  const auto* fact = FactOf<SlotsFact>(*it.primary(), CollectorId::kSlots);
  if (fact == nullptr) return;
  for (const Slot& slot : fact->slots) CheckUpgradedSlot(*it.primary(), slot, it);
}

}  // namespace

void AddFor(config::CheckFor purpose, const ClusterView& cluster, Findings& findings) {
  Case it(cluster, findings);
  switch (purpose) {
    case config::CheckFor::kHealth:
      break;
    case config::CheckFor::kSwitchover:
      return ForSwitchover(it);
    case config::CheckFor::kRestart:
      return ForRestart(it);
    case config::CheckFor::kUpgrade:
      return ForUpgrade(it);
  }
}

}  // namespace pgrepl::report
