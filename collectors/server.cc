// Whether a server answers, who it is, and how each collector fares on it.
// Source: pg_control_system(), pg_postmaster_start_time() (PostgreSQL manual, "System Information
// Functions"); any role may call them. up and its reason come from the pulse's first statement.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/server.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kReasonLabels[] = {"reason"};
constexpr std::string_view kInfoLabels[] = {"version", "system_identifier", "address",
                                            "configured"};
constexpr std::string_view kCollectorLabels[] = {"collector"};
constexpr std::string_view kFailureLabels[] = {"reason"};

constexpr Family kUp{.name = "pgrepl_up",
                     .help = "Whether the server answered SELECT pg_is_in_recovery() in time."};
constexpr Family kUpReason{.name = "pgrepl_up_reason",
                           .help = "Why the server is up or not, one-hot.",
                           .labels = kReasonLabels};
constexpr Family kInfo{.name = "pgrepl_server_info",
                       .help =
                           "Text facts of a server, value 1 (server_version, "
                           "pg_control_system().system_identifier).",
                       .labels = kInfoLabels};
constexpr Family kInRecovery{.name = "pgrepl_in_recovery",
                             .help =
                                 "1 on a standby, 0 on a primary; the last known role while "
                                 "the server is down (pg_is_in_recovery())."};
constexpr Family kTimeline{.name = "pgrepl_timeline",
                           .help =
                               "Current timeline (pg_walfile_name() on a primary, "
                               "pg_stat_wal_receiver.received_tli on a standby)."};
constexpr Family kRoleChanges{.name = "pgrepl_role_changes_total",
                              .type = MetricType::kCounter,
                              .help = "Promotions and demotions seen by this exporter."};
constexpr Family kStartTime{.name = "pgrepl_server_start_timestamp_seconds",
                            .help =
                                "When the server was started, by its own clock "
                                "(pg_postmaster_start_time())."};
constexpr Family kClockSkew{.name = "pgrepl_clock_skew_seconds",
                            .help =
                                "The server's clock minus the exporter's, within half a round "
                                "trip (clock_timestamp())."};
constexpr Family kSuccess{.name = "pgrepl_collector_success",
                          .help = "Whether the collector's last run on this server succeeded.",
                          .labels = kCollectorLabels};
constexpr Family kFailed{.name = "pgrepl_collectors_failed",
                         .help =
                             "Collectors whose last run on this server failed, by reason; missing: "
                             "the server lacks a column, function or view.",
                         .labels = kFailureLabels};
constexpr Family kPrivileges{.name = "pgrepl_privileges_ok",
                             .help =
                                 "0 when something that a collector asks for is hidden from the "
                                 "exporter's role; as last seen while the server is down."};
constexpr Family kSuperuser{.name = "pgrepl_superuser",
                            .help =
                                "Whether the exporter's role is a superuser, which it needn't be "
                                "(is_superuser)."};
constexpr Family kDuration{.name = "pgrepl_collector_duration_seconds",
                           .help = "From sending the round of statements to its last answer.",
                           .labels = kCollectorLabels};
constexpr Family kLastSuccess{.name = "pgrepl_collector_last_success_timestamp_seconds",
                              .help = "When the collector last succeeded on this server.",
                              .labels = kCollectorLabels};
constexpr Family kPrimaries{.name = "pgrepl_primaries",
                            .help =
                                "Primaries of the cluster that are seen now, by the exporter "
                                "or by a receiver that streams from them.",
                            .scope = Scope::kCluster};
constexpr Family kExpectedPrimaries{.name = "pgrepl_expected_primaries",
                                    .help = "Primaries the cluster should have (configuration).",
                                    .scope = Scope::kCluster};
constexpr Family kExpectedStandbys{.name = "pgrepl_expected_standbys",
                                   .help = "Standbys the cluster should have (configuration).",
                                   .scope = Scope::kCluster};

constexpr const Family* kFamilies[] = {&kUp,
                                       &kUpReason,
                                       &kInfo,
                                       &kInRecovery,
                                       &kTimeline,
                                       &kRoleChanges,
                                       &kStartTime,
                                       &kClockSkew,
                                       &kSuccess,
                                       &kFailed,
                                       &kPrivileges,
                                       &kSuperuser,
                                       &kDuration,
                                       &kLastSuccess,
                                       &kPrimaries,
                                       &kExpectedPrimaries,
                                       &kExpectedStandbys};

constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT (SELECT system_identifier FROM pg_control_system())::text,
       extract(epoch FROM pg_postmaster_start_time())::float8,
       extract(epoch FROM clock_timestamp())::float8
)sql"}};

enum Column { kSystemIdentifier, kStart, kClock };

Result<ServerFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  return ServerFact{row.Name(kSystemIdentifier), row.Number(kStart).value_or(0),
                    row.Number(kClock).value_or(0)};
}

void EmitFailures(const ServerView& server, Samples& samples) {
  std::array<int, std::size(kRunFailures)> failed{};
  for (const CollectorRun& run : server.runs) {
    if (run.ran && !run.success) ++failed[static_cast<std::size_t>(run.failure)];
  }
  for (std::size_t reason = 1; reason < failed.size(); ++reason) {
    samples.Add(kFailed, failed[reason], {kRunFailures[reason]});
  }
  const int hidden = failed[static_cast<std::size_t>(RunFailure::kInsufficientPrivilege)];
  // Before it has answered once nobody knows.
  if (server.role) samples.Add(kPrivileges, hidden > 0 ? 0 : 1);
}

void EmitRuns(const ServerView& server, Samples& samples) {
  for (std::size_t i = 0; i < server.runs.size(); ++i) {
    const CollectorRun& run = server.runs[i];
    if (!run.ran) continue;
    const std::string_view name = server.collectors[i]->name;
    samples.Add(kSuccess, run.success ? 1 : 0, {name});
    samples.Add(kDuration, run.duration_seconds, {name});
    samples.Add(kLastSuccess, run.last_success_timestamp, {name});
  }
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  // A standby that only its upstream knows has no connection of its own: nothing to say of it.
  if (server.configured) {
    samples.Add(kUp, server.up ? 1 : 0);
    samples.AddStates(kUpReason, kUpReasons, Name(server.reason));
    EmitRuns(server, samples);
    EmitFailures(server, samples);
    if (server.superuser) samples.Add(kSuperuser, *server.superuser ? 1 : 0);
  }
  if (!server.configured || !server.version.empty()) {
    samples.Add(kInfo, 1,
                {server.version, server.system_identifier, server.address,
                 server.configured ? "true" : "false"});
  }
  if (server.role) samples.Add(kInRecovery, *server.role == Role::kStandby ? 1 : 0);
  if (server.timeline) samples.Add(kTimeline, static_cast<double>(*server.timeline));
  if (server.configured) samples.Add(kRoleChanges, server.role_changes);
  samples.Add(kClockSkew, server.clock_skew_seconds);
  const auto* fact = static_cast<const ServerFact*>(opaque);
  if (fact != nullptr && fact->start_time > 0) samples.Add(kStartTime, fact->start_time);
}

void EmitCluster(const ClusterView& cluster, Samples& samples) {
  samples.Add(kPrimaries, cluster.primaries);
  samples.Add(kExpectedPrimaries, cluster.expected_primaries);
  samples.Add(kExpectedStandbys, cluster.expected_standbys);
}

}  // namespace

extern const Collector kServer;
constexpr Collector kServer{.name = "server",
                            .help = "whether each server answers, who it is, its role",
                            .cadence = Cadence::kNormal,
                            .families = kFamilies,
                            .statements = kStatements,
                            .decode = DecodeAs<ServerFact, Decode>,
                            .emit = Emit,
                            .emit_cluster = EmitCluster};

}  // namespace pgrepl
