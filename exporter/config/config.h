// What the exporter was told to do, as plain structs: from flags, environment and the YAML file.
// Nothing here depends on yaml-cpp or CLI11; those stay in this folder's .cc files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exporter/base/clock.h"

namespace pgrepl::config {

using namespace std::chrono_literals;

/// What a standby is for, where it isn't an ordinary one; decides its default max_lag.
enum class ServerPurpose { kOrdinary, kDelayed, kArchive, kDisasterRecovery, kReporting };

/// One PostgreSQL server to watch.
struct Server {
  std::string name;              ///< the `server` label; unique in its cluster
  std::string conninfo;          ///< libpq keyword/value string or URI; may hold a password
  std::string password_file;     ///< read at each connect; empty: none
  std::string password_command;  ///< run by /bin/sh at each connect, first line of stdout; empty: none
  std::string archive_directory;  ///< local path of the WAL archive; empty: not visible from here
  ServerPurpose purpose = ServerPurpose::kOrdinary;  ///< config key `role`
  Duration max_lag = 60s;  ///< pgrepl_lag_threshold_seconds; what the lag alert compares with
  std::string where;       ///< "file:line" it was read from, for errors found later
};

/// Servers that replicate from one another.
struct Cluster {
  std::string name;  ///< the `pg_cluster` label
  std::vector<Server> servers;
  std::optional<int> expected_standbys;  ///< not set: the configured servers less one, at least 0
  std::optional<int> expected_primaries;  ///< not set: 1
  std::string where;
};

/// How often and how long. Bounds are checked when the file is read.
struct Timing {
  Duration pulse_interval = 1s;      ///< 200ms to 5s; what the truth about lag needs
  Duration pulse_deadline = 3s;      ///< after it the server is down
  Duration interval = 10s;           ///< collectors that aren't part of the pulse
  Duration slow_interval = 60s;      ///< directory listings
  Duration connection_lifetime = 1h;  ///< a backend's memory grows; connections are renewed
  Duration remember_vanished = 24h;  ///< how long a standby that isn't configured stays on the page
};

struct Config {
  std::vector<Cluster> clusters;
  Timing timing;
  std::map<std::string, bool, std::less<>> collectors;  ///< name -> enabled, where the user said so
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

/// The command line.
struct Flags {
  std::string config_file;  ///< empty: the environment names the servers
  std::vector<std::string> listen_addresses = {":9717"};  ///< "host:port", "[::1]:port", ":port"
  std::string telemetry_path = "/metrics";
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kLogfmt;
  std::map<std::string, bool, std::less<>> collectors;  ///< from --[no-]collector.NAME
};

}  // namespace pgrepl::config
