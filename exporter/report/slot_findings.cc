// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <utility>

#include "collectors/slots.h"
#include "exporter/report/findings.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

std::string Drop(const std::string& server, const std::string& slot) {
  return fmt::format("On {}:\nSELECT pg_drop_replication_slot('{}');", server, slot);
}

// The standby that is set to use it, whether it does or not.
const ServerView* UserOf(const ClusterView& cluster, const Slot& slot) {
  for (const ServerView& server : cluster.servers) {
    const auto* receiver = FactOf<ReceiverFact>(server, CollectorId::kReceiver);
    if (receiver != nullptr && receiver->slot_setting == slot.name) return &server;
  }
  return nullptr;
}

std::string MendUnused(const ClusterView& cluster, const std::string& server, const Slot& slot) {
  const ServerView* user = UserOf(cluster, slot);
  const std::string whose =
      user != nullptr ? fmt::format("It is that of {}: bring that one back.", Plain(user->name))
                      : "Bring its consumer back.";
  return whose + " If it has gone for good: " + Drop(server, Plain(slot.name));
}

void AddSlot(const ClusterView& cluster, const ServerView& server, const Slot& slot,
             Findings& findings) {
  const std::string at = Plain(server.name), name = Plain(slot.name);
  const auto add = [&](Severity severity, std::string_view id, std::string what, std::string why,
                       std::string mend) {
    findings.push_back({severity, id, at, std::move(what), std::move(why), std::move(mend)});
  };
  if (slot.wal_status == "lost") {
    add(Severity::kCritical, "slot_lost", fmt::format("slot {} is lost", name),
        "WAL that its consumer still needs is gone: that one can't go on by this slot.",
        Drop(at, name) + (slot.type == "logical"
                              ? "\nIts subscription must be made anew, with its data."
                              : "\nThen create it anew, and re-seed the standby if no archive has "
                                "what it lacks."));
  } else if (slot.wal_status == "unreserved") {
    add(Severity::kCritical, "slot_unreserved",
        fmt::format("slot {} loses its WAL at the next checkpoint", name),
        "It holds back more than max_slot_wal_keep_size; its consumer must be made anew then.",
        fmt::format("Let its consumer catch up now, or on {}, if there is room for more WAL:\n"
                    "ALTER SYSTEM SET max_slot_wal_keep_size = '100GB';\nSELECT pg_reload_conf();",
                    at));
  } else if (!slot.active && !slot.synced.value_or(false) && slot.retained_bytes.value_or(0) > 0) {
    add(Severity::kWarning, "slot_unused",
        fmt::format("nobody uses slot {}, which holds back {}", name,
                    SayBytes(*slot.retained_bytes)),
        "WAL piles up on the disk, until it is full or max_slot_wal_keep_size takes the slot.",
        MendUnused(cluster, at, slot));
  }
}

void AddLimit(const ServerView& server, const SlotsFact& fact, Findings& findings) {
  const auto* settings = FactOf<SettingsFact>(server, CollectorId::kSettings);
  if (settings == nullptr || !settings->max_replication_slots) return;
  const auto used = static_cast<double>(fact.slots.size());
  if (used == 0 || used < *settings->max_replication_slots) return;
  findings.push_back(
      {Severity::kWarning, "no_slot_left", Plain(server.name),
       fmt::format("all of its {:.0f} slots are taken", used),
       "No further standby or subscriber can get one; pg_basebackup's default fails.",
       fmt::format("Drop one that nobody needs, or on {}, with a restart:\n"
                   "ALTER SYSTEM SET max_replication_slots = {:.0f};",
                   Plain(server.name), used + 10)});
}

}  // namespace

void AddSlots(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    const auto* fact = FactOf<SlotsFact>(server, CollectorId::kSlots);
    if (fact == nullptr) continue;
    for (const Slot& slot : fact->slots) AddSlot(cluster, server, slot, findings);
    AddLimit(server, *fact, findings);
  }
}

}  // namespace pgrepl::report
