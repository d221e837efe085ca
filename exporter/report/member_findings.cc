// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "exporter/report/advice.h"
#include "exporter/report/findings.h"
#include "exporter/report/topology.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

std::vector<std::string_view> NamesOf(const ClusterView& cluster, Role role) {
  std::vector<std::string_view> names;
  for (const ServerView& server : cluster.servers) {
    if (server.role == role && server.up) names.emplace_back(server.name);
  }
  return names;
}

void AddSplitBrain(const ClusterView& cluster, Findings& findings) {
  findings.push_back(
      {Severity::kCritical, "split_brain", "",
       fmt::format("{} primaries, {} expected: {}", cluster.primaries, cluster.expected_primaries,
                   List(NamesOf(cluster, Role::kPrimary))),
       "Clients write to both, and what the one that is given up has taken is lost.",
       "Keep clients away from the one that should not lead (by pg_replication_exporter topology, "
       "the lower timeline), save what it alone has, and on it:\n"
       "pg_ctl stop -D DATA_DIRECTORY -m fast\n"
       "pg_rewind --target-pgdata=DATA_DIRECTORY --source-server='host=NEW_PRIMARY "
       "dbname=postgres'\n"
       "touch DATA_DIRECTORY/standby.signal, set primary_conninfo there, and start it."});
}

void AddNoPrimary(const ClusterView& cluster, Findings& findings) {
  const ServerView* candidate = CandidateOf(cluster);
  findings.push_back(
      {Severity::kCritical, "no_primary", "", "no primary is seen", "Nobody can write.",
       candidate == nullptr
           ? "Start the primary again, or let its address be known in the configuration."
           : fmt::format(
                 "Start the primary again. If it is dead for sure, by psql on {}, which has "
                 "most WAL:\nSELECT pg_promote();",
                 Plain(candidate->name))});
}

bool IsConnected(const ServerView& server) { return server.lag && server.lag->connected; }

void AddStandbys(const ClusterView& cluster, Findings& findings) {
  const auto connected = std::count_if(
      cluster.servers.begin(), cluster.servers.end(),
      [](const ServerView& one) { return one.role == Role::kStandby && IsConnected(one); });
  if (connected >= cluster.expected_standbys) return;
  findings.push_back(
      {connected == 0 ? Severity::kCritical : Severity::kWarning, "standbys_missing", "",
       fmt::format("{} of {} standbys are connected", connected, cluster.expected_standbys),
       connected == 0 ? "If the primary were lost now, so would be what it has written since."
                      : "One failure less can be borne.",
       "What is said below of each that is missing; if one was removed for good, take it out of "
       "the configuration, or set expected_standbys there."});
}

void AddDiverged(const ServerView& server, Findings& findings) {
  const bool foreign = server.lag && server.lag->cause == LagCause::kDifferentSystem;
  if (server.diverged != true && !foreign) return;
  const LagCause cause = foreign ? LagCause::kDifferentSystem : LagCause::kTimelineDiverged;
  const std::string name = Plain(server.name);
  const Advice advice = AdviceOn(cause, name, "");
  const std::string commands =
      foreign ? ""
              : "\npg_ctl stop -D DATA_DIRECTORY -m fast\n"
                "pg_rewind --target-pgdata=DATA_DIRECTORY --source-server='host=PRIMARY "
                "dbname=postgres' --write-recovery-conf";
  findings.push_back({Severity::kCritical, Name(cause), name,
                      foreign ? "it is of another PostgreSQL system than its cluster"
                              : "it has WAL that its cluster left behind",
                      advice.meaning, advice.remedy + commands});
}

}  // namespace

void AddMembers(const ClusterView& cluster, Findings& findings) {
  const auto& servers = cluster.servers;
  for (const ServerView& server : servers) AddDiverged(server, findings);
  const bool tried =
      std::all_of(servers.begin(), servers.end(), [](const ServerView& one) { return one.tried; });
  const bool answers =
      std::any_of(servers.begin(), servers.end(), [](const ServerView& one) { return one.up; });
  if (!tried || !answers) return;
  if (cluster.primaries > cluster.expected_primaries) AddSplitBrain(cluster, findings);
  if (cluster.primaries < cluster.expected_primaries) AddNoPrimary(cluster, findings);
  AddStandbys(cluster, findings);
}

}  // namespace pgrepl::report
