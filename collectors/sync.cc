// Synchronous replication as a primary's commits see it: what they wait for, whether it is there,
// and who waits.
// Source: synchronous_standby_names, synchronous_commit; pg_catalog.pg_stat_activity.wait_event
// SyncRep (PostgreSQL manual, "Synchronous Replication"); the senders' pg_stat_replication.
// Privilege: pg_read_all_stats (in pg_monitor), else others' wait events are NULL; none for the
// rest.
// One row, or one for each waiter. pg_stat_activity is not read while nothing is required.
// A session may set synchronous_commit for itself: the level here is that of the exporter's.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/sync.h"

#include <algorithm>

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kLevelLabels[] = {"level"};
constexpr std::string_view kLevels[] = {"off", "local",        "remote_write",
                                        "on",  "remote_apply", "other"};

constexpr Family kRequired{.name = "pgrepl_sync_required",
                           .help =
                               "Standbys that a commit waits for, 0 when synchronous_commit is "
                               "off or local (synchronous_standby_names)."};
constexpr Family kPresent{.name = "pgrepl_sync_present",
                          .help =
                              "Senders that count as synchronous now, receivewal among them "
                              "(pg_stat_replication.sync_state sync or quorum)."};
constexpr Family kCandidates{.name = "pgrepl_sync_candidates",
                             .help =
                                 "Senders that count as synchronous or would take such a one's "
                                 "place (pg_stat_replication.sync_state sync, quorum or "
                                 "potential)."};
constexpr Family kLevel{.name = "pgrepl_sync_commit_level",
                        .help = "What commits wait for by default, one-hot (synchronous_commit).",
                        .labels = kLevelLabels};
constexpr Family kWaiters{.name = "pgrepl_syncrep_waiters",
                          .help =
                              "Backends whose commit waits for standbys, counted up to 1000 "
                              "(pg_stat_activity.wait_event SyncRep)."};
constexpr Family kOldestWait{.name = "pgrepl_syncrep_oldest_wait_seconds",
                             .help =
                                 "Exporter's time since the longest of them was first seen to "
                                 "wait (pg_stat_activity.wait_event SyncRep)."};

constexpr const Family* kFamilies[] = {&kRequired, &kPresent, &kCandidates,
                                       &kLevel,    &kWaiters, &kOldestWait};

// The condition on the setting names no column: evaluated once, it keeps the function behind the
// view from being called at all; OFFSET 0 keeps it there, for 16 and later would move it into the
// join, behind the call. Before 15 every member of pg_read_all_stats saw all, later those who
// inherit from it.
constexpr Statement kStatements[] = {{.role = Role::kPrimary, .sql = R"sql(
SELECT current_setting('synchronous_standby_names'),
       current_setting('synchronous_commit'),
       pg_has_role('pg_read_all_stats',
                   CASE WHEN current_setting('server_version_num')::int < 150000
                        THEN 'MEMBER' ELSE 'USAGE' END),
       w.pid,
       extract(epoch FROM w.backend_start)::float8,
       extract(epoch FROM w.xact_start)::float8
  FROM (SELECT 1) AS always
  LEFT JOIN (SELECT pid, backend_start, xact_start
               FROM pg_stat_activity
              WHERE wait_event = 'SyncRep' AND current_setting('synchronous_standby_names') <> ''
             OFFSET 0) AS w ON true
 LIMIT 1000
)sql"}};

enum Column { kNames, kCommit, kMaySee, kPid, kBackendStart, kXactStart };

Result<SyncFact> Decode(const Rows& rows) {
  if (rows.size() < 1) return Error{"expected a row"};
  const Row first = rows[0];
  SyncFact fact{.requirement = ParseSynchronousStandbyNames(first.Text(kNames).value_or("")),
                .commit_level = first.Name(kCommit)};
  fact.waiters_hidden =
      fact.requirement.method != SyncMethod::kNone && !first.Bool(kMaySee).value_or(false);
  if (fact.waiters_hidden) return fact;
  for (int i = 0; i < rows.size(); ++i) {
    const auto pid = rows[i].Integer(kPid);
    if (!pid) continue;
    fact.waiters.push_back({.pid = *pid,
                            .backend_start = rows[i].Number(kBackendStart),
                            .xact_start = rows[i].Number(kXactStart)});
  }
  return fact;
}

std::optional<Error> Hidden(const SyncFact& fact) {
  if (!fact.waiters_hidden) return std::nullopt;
  return Error{"pg_stat_activity hides other sessions from this role", "42501",
               "GRANT pg_monitor TO the exporter's role."};
}

void EmitSenders(const SendersFact& fact, Samples& samples) {
  double present = 0, potential = 0;
  for (const Sender& sender : fact.senders) {
    present += sender.sync_state == "sync" || sender.sync_state == "quorum" ? 1 : 0;
    potential += sender.sync_state == "potential" ? 1 : 0;
  }
  samples.Add(kPresent, present);
  samples.Add(kCandidates, present + potential);
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  const auto* fact = static_cast<const SyncFact*>(opaque);
  if (fact == nullptr) return;
  const bool waits = fact->commit_level != "off" && fact->commit_level != "local";
  samples.Add(kRequired, waits ? fact->requirement.number : 0);
  const auto* senders = static_cast<const SendersFact*>(
      server.facts[static_cast<std::size_t>(CollectorId::kSenders)]);
  if (senders != nullptr) EmitSenders(*senders, samples);
  samples.AddStates(kLevel, kLevels, fact->commit_level);
  if (fact->waiters_hidden) return;
  samples.Add(kWaiters, static_cast<double>(fact->waiters.size()));
  samples.Add(kOldestWait, server.syncrep_oldest_wait_seconds);
}

}  // namespace

extern const Collector kSync;
constexpr Collector kSync{.name = "sync",
                          .help = "synchronous replication: required, present, waiting commits",
                          .cadence = Cadence::kPulse,
                          .families = kFamilies,
                          .statements = kStatements,
                          .privilege = "pg_monitor for pgrepl_syncrep_*, and for the senders",
                          .decode = DecodeAs<SyncFact, Decode>,
                          .hidden = HiddenIn<SyncFact, Hidden>,
                          .emit = Emit};

}  // namespace pgrepl
