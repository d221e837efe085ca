// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/slots.h"
#include "collectors/wal.h"
#include "exporter/report/advice.h"
#include "exporter/report/findings.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::string_view kNoWal = "No WAL comes: what is written now isn't on it.";

/// A standby that gets no WAL, and from whom it should.
struct Starving {
  const ServerView& standby;
  const ServerView* upstream;
  const ReceiverFact& receiver;

  [[nodiscard]] std::string Name() const { return Plain(standby.name); }
  [[nodiscard]] std::string UpstreamName() const {
    if (upstream != nullptr) return Plain(upstream->name);
    return standby.upstream_address.empty() ? "its upstream" : Plain(standby.upstream_address);
  }
};

// Each says why there is no receiver, or nothing where that isn't the reason.
using Reason = std::optional<Finding> (*)(const Starving& it);

Finding Of(const Starving& it, std::string_view id, std::string what, std::string why,
           std::string mend) {
  return {Severity::kCritical, id, it.Name(), std::move(what), std::move(why), std::move(mend)};
}

std::optional<Finding> NoConninfo(const Starving& it) {
  if (it.receiver.conninfo_set != false) return std::nullopt;
  return Of(it, "no_conninfo", "no receiver: primary_conninfo is not set", std::string(kNoWal),
            fmt::format("On {} (before 13 with a restart instead of the reload):\n"
                        "ALTER SYSTEM SET primary_conninfo = 'host={} port=5432 "
                        "user=replicator application_name={}';\nSELECT pg_reload_conf();",
                        it.Name(), it.UpstreamName(), it.Name()));
}

const Slot* SlotOf(const Starving& it, const SlotsFact& fact) {
  const auto found = std::find_if(fact.slots.begin(), fact.slots.end(), [&](const Slot& slot) {
    return slot.name == it.receiver.slot_setting;
  });
  return found == fact.slots.end() ? nullptr : &*found;
}

std::optional<Finding> NoSlot(const Starving& it) {
  const std::string slot = Plain(it.receiver.slot_setting);
  if (it.upstream == nullptr || !it.upstream->up || slot.empty()) return std::nullopt;
  const auto* fact = FactOf<SlotsFact>(*it.upstream, CollectorId::kSlots);
  if (fact == nullptr || SlotOf(it, *fact) != nullptr) return std::nullopt;
  return Of(it, "slot_missing",
            fmt::format("no receiver: {} has no slot {}", it.UpstreamName(), slot),
            "primary_slot_name names a slot that isn't there, and the sender ends at once. "
            "Meanwhile nothing keeps the WAL that it needs.",
            fmt::format("On {}:\nSELECT pg_create_physical_replication_slot('{}', true);",
                        it.UpstreamName(), slot));
}

std::optional<Finding> SlotLost(const Starving& it) {
  if (it.upstream == nullptr) return std::nullopt;
  const auto* fact = FactOf<SlotsFact>(*it.upstream, CollectorId::kSlots);
  const Slot* slot = fact == nullptr ? nullptr : SlotOf(it, *fact);
  if (slot == nullptr || slot->wal_status != "lost") return std::nullopt;
  const Advice advice = AdviceOn(LagCause::kSlotLost, it.Name(), it.UpstreamName());
  return Of(it, "slot_lost", fmt::format("no receiver: its slot {} is lost", Plain(slot->name)),
            advice.meaning,
            fmt::format("On {}:\nSELECT pg_drop_replication_slot('{}');\n"
                        "SELECT pg_create_physical_replication_slot('{}', true);\n{}",
                        it.UpstreamName(), Plain(slot->name), Plain(slot->name), advice.remedy));
}

// By what it has and what its upstream still keeps, also where nobody saw the two connected.
std::optional<Finding> WalRemoved(const Starving& it) {
  const auto& has = it.standby.lag->evidence.received;
  const auto* wal = it.upstream == nullptr || !it.upstream->up
                        ? nullptr
                        : FactOf<WalFact>(*it.upstream, CollectorId::kWal);
  if (it.standby.wal_margin_bytes.value_or(0) >= 0 &&
      (!has || wal == nullptr || !wal->oldest || has->bytes >= wal->oldest->bytes)) {
    return std::nullopt;
  }
  const Advice advice = AdviceOn(LagCause::kWalRemoved, it.Name(), it.UpstreamName());
  return Of(
      it, "wal_removed",
      fmt::format("no receiver: {} no longer has the WAL that it needs", it.UpstreamName()),
      advice.meaning,
      advice.remedy + fmt::format("\nWith an archive, on {}:\nALTER SYSTEM SET "
                                  "restore_command = 'cp ARCHIVE/%f %p';\n"
                                  "SELECT pg_reload_conf();\nWithout one, with {} stopped and "
                                  "its data directory moved away:\n"
                                  "pg_basebackup -h {} -U replicator -D DATA_DIRECTORY -R -P",
                                  it.Name(), it.Name(), it.UpstreamName()));
}

std::optional<Finding> OtherTimeline(const Starving& it) {
  if (it.upstream == nullptr || !it.standby.timeline || !it.upstream->timeline ||
      *it.standby.timeline <= *it.upstream->timeline) {
    return std::nullopt;
  }
  return Of(it, "timeline_ahead",
            fmt::format("no receiver: it is on timeline {}, {} on {}", *it.standby.timeline,
                        it.UpstreamName(), *it.upstream->timeline),
            "It has followed another primary since: it can't follow this one.",
            "Point it at the primary of the higher timeline (primary_conninfo), or make it anew "
            "by pg_rewind or pg_basebackup.");
}

std::optional<Finding> UpstreamDown(const Starving& it) {
  if (it.upstream == nullptr || it.upstream->up) return std::nullopt;
  return Of(it, "upstream_down",
            fmt::format("no receiver: its upstream {} is down ({})", it.UpstreamName(),
                        pgrepl::Name(it.upstream->reason)),
            std::string(kNoWal),
            fmt::format("See to {}. If it stays away, let {} follow another: primary_conninfo.",
                        it.UpstreamName(), it.Name()));
}

std::optional<Finding> NoSenderLeft(const Starving& it) {
  if (it.upstream == nullptr) return std::nullopt;
  const auto* senders = FactOf<SendersFact>(*it.upstream, CollectorId::kSenders);
  const auto* settings = FactOf<SettingsFact>(*it.upstream, CollectorId::kSettings);
  if (senders == nullptr || settings == nullptr) return std::nullopt;
  const auto used = static_cast<std::int64_t>(senders->senders.size());
  const std::int64_t limit = MaxSenders(*settings);
  if (used < limit) return std::nullopt;
  return Of(it, "no_sender_left",
            fmt::format("no receiver: {} has no WAL sender left ({} of {})", it.UpstreamName(),
                        used, limit),
            std::string(kNoWal),
            fmt::format("On {}, after the same on its standbys, and with a restart of each:\n"
                        "ALTER SYSTEM SET max_wal_senders = {};",
                        it.UpstreamName(), limit + 5));
}

// What only its log tells.
std::optional<Finding> Unexplained(const Starving& it) {
  const std::string address = Plain(it.standby.address);
  const std::string host = address.substr(0, address.rfind(':'));
  return Of(
      it, "receiver_down", fmt::format("no receiver: it can't connect to {}", it.UpstreamName()),
      std::string(kNoWal),
      fmt::format(
          "On {0}, its log says why (could not connect to the primary server: ...):\n"
          "tail -n 20 /var/log/postgresql/postgresql-*.log\n"
          "\"Connection refused\", \"timed out\": host and port in primary_conninfo\n"
          "\"password authentication failed\": its password (passfile); on {1}: \\password "
          "replicator\n"
          "\"no pg_hba.conf entry\": on {1}, in pg_hba.conf, then SELECT pg_reload_conf():\n"
          "host  replication  replicator  {2}/32  scram-sha-256\n"
          "To mend primary_conninfo, on {0} (before 13 with a restart instead of the reload):\n"
          "ALTER SYSTEM SET primary_conninfo = 'host={3} port=5432 user=replicator "
          "passfile=FILE application_name={0}';\nSELECT pg_reload_conf();",
          it.Name(), it.UpstreamName(), host.empty() ? "ADDRESS" : host,
          it.upstream == nullptr ? "ADDRESS" : it.UpstreamName()));
}

constexpr Reason kReasons[] = {NoConninfo,    SlotLost,     NoSlot,       WalRemoved,
                               OtherTimeline, UpstreamDown, NoSenderLeft, Unexplained};

bool CanFollow(const ServerView& server) {
  return server.diverged != true && server.lag->cause != LagCause::kDifferentSystem;
}

// One that an archive feeds needs no receiver; one that is paused or delayed gets none meanwhile.
bool Starves(const ServerView& server, const ReceiverFact* fact) {
  if (server.role != Role::kStandby || !server.up || !server.lag || !server.receiver) return false;
  if (fact == nullptr || server.lag->connected || !CanFollow(server)) return false;
  if (fact->conninfo_set == false) return fact->restore_command_set != true;
  return server.receiver->expected;
}

}  // namespace

void AddReceivers(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    const auto* fact = FactOf<ReceiverFact>(server, CollectorId::kReceiver);
    if (!Starves(server, fact)) continue;
    const Starving it{server, LikelyUpstreamOf(cluster, server), *fact};
    for (const Reason reason : kReasons) {
      if (auto finding = reason(it)) {
        findings.push_back(std::move(*finding));
        break;
      }
    }
  }
}

}  // namespace pgrepl::report
