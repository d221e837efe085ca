// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "collectors/archive.h"
#include "collectors/sync.h"
#include "exporter/report/findings.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// commit_wait_seconds of alerts/thresholds.yaml, as in concerns.cc.
constexpr double kCommitWaitSeconds = 10;

void AddWalLevel(const ServerView& server, const SettingsFact& settings, Findings& findings) {
  if (settings.wal_level != "minimal") return;
  findings.push_back({Severity::kCritical, "wal_level", Plain(server.name), "wal_level is minimal",
                      "Its WAL is good for a crash alone: no standby, no base backup, no archive.",
                      fmt::format("On {}, with a restart:\nALTER SYSTEM SET wal_level = replica;",
                                  Plain(server.name))});
}

void AddSenderLimit(const ServerView& server, const SettingsFact& settings, Findings& findings) {
  const auto* senders = FactOf<SendersFact>(server, CollectorId::kSenders);
  const std::int64_t limit = MaxSenders(settings);
  if (senders == nullptr) return;
  const auto used = static_cast<std::int64_t>(senders->senders.size());
  if (used < limit) return;
  findings.push_back(
      {Severity::kWarning, "senders_used_up", Plain(server.name),
       fmt::format("{} of {} WAL senders are in use", used, limit),
       "No further standby, base backup or subscriber can connect, nor one whose connection broke "
       "and is not yet given up.",
       fmt::format("On {}, after the same on its standbys, and with a restart of each:\n"
                   "ALTER SYSTEM SET max_wal_senders = {};",
                   Plain(server.name), limit + 5)});
}

void AddArchive(const ServerView& server, Findings& findings) {
  const auto* archive = FactOf<ArchiveFact>(server, CollectorId::kArchive);
  if (archive == nullptr || !archive->failing) return;
  findings.push_back(
      {Severity::kCritical, "archiving_fails", Plain(server.name), "archiving fails",
       "WAL piles up in pg_wal until the disk is full and the server stops; backups can't be "
       "restored past the last archived segment.",
       fmt::format("On {}:\nSELECT last_failed_wal, last_failed_time FROM pg_stat_archiver;\n"
                   "SHOW archive_command;\n"
                   "Run that command by hand as the operating system's postgres, with %p and %f "
                   "filled in: its message, also in the server's log, is the reason (no room, no "
                   "rights, no such path). It goes on by itself once that is mended.",
                   Plain(server.name))});
}

bool CountsAsSync(const Sender& sender) {
  return sender.sync_state == "sync" || sender.sync_state == "quorum";
}

void AddSync(const ServerView& server, Findings& findings) {
  const auto* sync = FactOf<SyncFact>(server, CollectorId::kSync);
  const auto* senders = FactOf<SendersFact>(server, CollectorId::kSenders);
  const double waits = server.syncrep_oldest_wait_seconds.value_or(0);
  if (sync == nullptr || senders == nullptr || sync->requirement.method == SyncMethod::kNone)
    return;
  const auto there = std::count_if(senders->senders.begin(), senders->senders.end(), CountsAsSync);
  const bool asked = sync->commit_level != "off" && sync->commit_level != "local";
  const bool lacks = asked && there < sync->requirement.number;
  if (!lacks && waits <= kCommitWaitSeconds) return;
  const std::string waiting =
      waits > 0 ? fmt::format("; one has waited {}", SayDuration(waits)) : "";
  findings.push_back(
      {Severity::kCritical, "commits_wait", Plain(server.name),
       fmt::format("commits wait for {} synchronous standbys, {} are there{}",
                   sync->requirement.number, there, waiting),
       "Every commit hangs until a standby of synchronous_standby_names answers.",
       fmt::format("Bring one back: {}. Else, on {}, and what commits then is only there:\n"
                   "ALTER SYSTEM SET synchronous_standby_names = '';\nSELECT pg_reload_conf();",
                   List(sync->requirement.names), Plain(server.name))});
}

}  // namespace

void AddPrimary(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    if (server.role != Role::kPrimary || !server.up) continue;
    if (const auto* settings = FactOf<SettingsFact>(server, CollectorId::kSettings)) {
      AddWalLevel(server, *settings, findings);
      AddSenderLimit(server, *settings, findings);
    }
    AddArchive(server, findings);
    AddSync(server, findings);
  }
}

}  // namespace pgrepl::report
