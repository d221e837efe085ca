// What the exporter was told to do, as plain structs: from flags, environment and the YAML file.
// Nothing here depends on yaml-cpp or CLI11; those stay in this folder's .cc files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/log.h"
#include "exporter/config/shard.h"

namespace pgrepl::config {

using namespace std::chrono_literals;

/// What a standby is for, where it isn't an ordinary one; raises its max_lag.
enum class ServerPurpose { kOrdinary, kDelayed, kArchive, kDisasterRecovery, kReporting };

inline constexpr Duration kDefaultMaxLag = 60s;

/// What max_lag is at least for a standby of this purpose, unless the server itself says less.
constexpr Duration LeastMaxLag(ServerPurpose purpose) {
  switch (purpose) {
    case ServerPurpose::kOrdinary:
    case ServerPurpose::kDelayed:  // the alert subtracts recovery_min_apply_delay
      return 0s;
    case ServerPurpose::kDisasterRecovery:  // a long line, on which a burst takes minutes
      return 5min;
    case ServerPurpose::kArchive:  // a segment waits for archive_timeout, often 5 minutes
      return 15min;
    case ServerPurpose::kReporting:  // max_standby_streaming_delay lets long queries hold replay
      return 1h;
  }
  return 0s;
}

/// One PostgreSQL server to watch. Paths are absolute, or relative to the working directory.
struct Server {
  std::string name;               ///< the `server` label; unique in its cluster
  std::string conninfo;           ///< libpq keywords or URI; may hold a password
  std::string password_file;      ///< read at each connect; empty: none
  std::string password_command;   ///< for /bin/sh, run at each connect; empty: none
  std::string archive_directory;  ///< local path of the WAL archive; empty: not visible from here
  std::string wal_directory;      ///< local path on the file system of pg_wal; empty: not visible
  std::optional<double> wal_filesystem_size;         ///< bytes; instead of wal_directory
  ServerPurpose purpose = ServerPurpose::kOrdinary;  ///< config key `role`
  /// Of a standby whose upstream isn't configured: false for a cascaded one.
  bool upstream_is_primary = true;
  Duration max_lag = kDefaultMaxLag;  ///< more lag is an alert (pgrepl_lag_threshold_seconds)
  std::string where;                  ///< "file:line" it was read from, for errors found later
};

/// EndpointSlices of one Service.
struct KubernetesSource {
  std::string name_space;  ///< empty: the pod's own
  std::string service;
  std::string api;          ///< URL; empty: as the pod's environment says
  std::string credentials;  ///< folder with `token` and `ca.crt`; empty: where a pod has it

  bool operator==(const KubernetesSource&) const = default;
};

/// Where a cluster's servers are looked up while it is watched: `patroni`, `dns` or `kubernetes`.
struct Discovery {
  std::vector<std::string> patroni;  ///< URLs of REST APIs; the first that answers is believed
  std::string dns;                   ///< one address for each server, or a name of SRV records
  std::optional<KubernetesSource> kubernetes;
  std::optional<int> port;  ///< instead of what is found there
  std::string ca_file;      ///< what an https:// of these is verified by; empty: the system's
  Server server;            ///< what they have in common; its conninfo is without host and port
  Duration interval = 30s;

  /// Looks in the same places; `server` may differ.
  [[nodiscard]] bool LooksAs(const Discovery& other) const {
    return patroni == other.patroni && dns == other.dns && kubernetes == other.kubernetes &&
           port == other.port && ca_file == other.ca_file && interval == other.interval;
  }
};

/// Servers that replicate from one another.
struct Cluster {
  std::string name;  ///< the `pg_cluster` label
  /// Beside a discovery those without conninfo are what is said of a member of that name.
  std::vector<Server> servers;
  std::optional<Discovery> discovery;     ///< config key `discover`
  std::optional<int> expected_standbys;   ///< not set: the configured servers less one, at least 0
  std::optional<int> expected_primaries;  ///< not set: 1
  std::string where;                      ///< "file:line"
};

/// How often and how long. Bounds are checked when the file is read.
struct Timing {
  Duration pulse_interval = 1s;       ///< 200ms to 5s; what the truth about lag needs
  Duration pulse_deadline = 3s;       ///< after it the server is down
  Duration interval = 10s;            ///< collectors that aren't part of the pulse
  Duration slow_interval = 60s;       ///< directory listings
  Duration connection_lifetime = 1h;  ///< a backend's memory grows; connections are renewed
  Duration remember_vanished = 24h;  ///< how long a standby that isn't configured stays on the page
};

/// On which servers a statement runs.
enum class QueryRole { kAny, kPrimary, kStandby };

/// SQL for some majors, the first and the last included, and for one role or both.
struct QueryStatement {
  std::string sql;  ///< without a semicolon at its end
  QueryRole role = QueryRole::kAny;
  std::optional<int> min_version;
  std::optional<int> max_version;

  bool operator==(const QueryStatement&) const = default;
};

/// A metric family that a query fills.
struct QueryMetric {
  std::string name;
  std::string column;  ///< of the answer
  std::string help;
  bool is_counter = false;

  bool operator==(const QueryMetric&) const = default;
};

/// SQL of the user's own, and what becomes of its rows.
struct Query {
  std::string name;                        ///< the `collector` label
  std::vector<QueryStatement> statements;  ///< the first that fits a server runs there
  std::vector<std::string> clusters;       ///< runs in these; empty: in all
  std::vector<std::string> labels;         ///< columns, and labels of the same names
  std::vector<QueryMetric> metrics;
  Duration interval{};
  int max_series = 100;  ///< on one server

  bool operator==(const Query&) const = default;
};

struct Config {
  std::vector<Cluster> clusters;
  std::vector<Query> queries;
  Timing timing;
  std::map<std::string, bool, std::less<>> collectors;  ///< name -> enabled, where the user said so
};

/// The command line.
struct Flags {
  std::string config_file;  ///< empty: the environment names the servers
  std::vector<std::string> listen_addresses = {":9717"};  ///< "host:port", "[::1]:port", ":port"
  std::string telemetry_path = "/metrics";
  std::string web_config_file;  ///< TLS, passwords and headers (web_config.h); empty: none
  bool lifecycle = false;       ///< POST /-/reload is allowed
  Shard shard;                  ///< of all clusters; this one watches its own only
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kLogfmt;
  std::map<std::string, bool, std::less<>> collectors;  ///< from --[no-]collector.NAME
};

/// What else the program does than serve.
enum class CommandKind { kServe, kTopology, kExplain, kCheck, kWait, kWatch, kHealthcheck };

enum class ReportFormat { kText, kJson, kDot };
inline constexpr std::string_view kReportFormats[] = {"text", "json", "dot"};

/// What a cluster should be fit for now, beyond being well.
enum class CheckFor { kHealth, kSwitchover, kRestart, kUpgrade };
inline constexpr std::string_view kCheckFor[] = {"", "switchover", "restart", "upgrade"};

inline constexpr std::string_view kDefaultExporter = "http://127.0.0.1:9717";

/// A sub-command and its own flags.
struct Command {
  CommandKind kind = CommandKind::kServe;
  std::string server;   ///< explain, wait
  std::string cluster;  ///< empty: all, or the only one with that server
  ReportFormat format = ReportFormat::kText;
  std::string exporter;                ///< URL; empty: the default one, or none with a config file
  std::string exporter_ca_file;        ///< what an https:// is verified by; empty: the system's
  std::string exporter_cert_file;      ///< the client's own certificate; empty: none
  std::string exporter_key_file;       ///< its key; empty: in the same file
  std::string exporter_user;           ///< empty: no password is sent
  std::string exporter_password_file;  ///< its first line
  Duration watch = 5s;                 ///< without an exporter
  CheckFor check_for = CheckFor::kHealth;
  bool print_sql = false;    ///< check: what would be sent, instead of sending it
  Duration max_lag = 1s;     ///< wait
  Duration timeout = 60s;    ///< wait
  Duration interval = 1s;    ///< watch: between two pictures
  bool plain_lines = false;  ///< watch: as if standard output were no terminal
};

}  // namespace pgrepl::config
