// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "exporter/config/discovery.h"
#include "exporter/config/nearest.h"
#include "exporter/config/queries.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {
namespace {

// More than one process should watch; also what keeps a text of repeated aliases harmless.
constexpr std::size_t kMostServers = 10'000;

// Each step of this file's tree, as its map says it; what is left out is settled afterwards.

struct ServerEntry {
  Server server;
  std::optional<Duration> max_lag;
};

struct ClusterEntry {
  Cluster cluster;
  std::optional<Value> servers;
  std::optional<Value> discover;
};

struct Root {
  std::optional<Value> clusters;
  std::optional<Value> defaults;
  std::optional<Value> collectors;
  std::optional<Value> queries;
  std::optional<Value> timing;
};

ServerPurpose ReadPurpose(const Value& value) {
  constexpr std::string_view kRoles[] = {"delayed", "archive", "dr", "reporting"};
  constexpr ServerPurpose kPurposes[] = {ServerPurpose::kDelayed, ServerPurpose::kArchive,
                                         ServerPurpose::kDisasterRecovery,
                                         ServerPurpose::kReporting};
  const std::string role = Text(value);
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    if (role == kRoles[i]) return kPurposes[i];
  }
  Fail(value.node.Mark(), Unknown("role", role, kRoles));
}

void CheckOnePassword(const Value& value, const std::string& other) {
  if (other.empty()) return;
  Fail(value.node.Mark(), "password_file and password_command are both there; keep one of them");
}

void CheckOneFilesystem(const Value& value, bool other) {
  if (!other) return;
  Fail(value.node.Mark(),
       "wal_directory and wal_filesystem_size are both there; keep the first where the path is "
       "local, else the second");
}

constexpr Key<ServerEntry> kPasswordFile = {
    "password_file", [](const Value& value, ServerEntry& entry) {
      CheckOnePassword(value, entry.server.password_command);
      entry.server.password_file = Text(value);
    }};
constexpr Key<ServerEntry> kPasswordCommand = {
    "password_command", [](const Value& value, ServerEntry& entry) {
      CheckOnePassword(value, entry.server.password_file);
      entry.server.password_command = Text(value);
    }};
constexpr Key<ServerEntry> kMaxLag = {"max_lag", [](const Value& value, ServerEntry& entry) {
                                        entry.max_lag = Interval(value, {1s, 30 * 24h});
                                      }};

constexpr Key<ServerEntry> kDefaultsKeys[] = {kPasswordFile, kPasswordCommand, kMaxLag};

constexpr Key<ServerEntry> kServerKeys[] = {
    {"name", [](const Value& value, ServerEntry& entry) { entry.server.name = Name(value); }},
    {"conninfo",
     [](const Value& value, ServerEntry& entry) { entry.server.conninfo = Text(value); }},
    kPasswordFile,
    kPasswordCommand,
    {"archive_directory",
     [](const Value& value, ServerEntry& entry) { entry.server.archive_directory = Text(value); }},
    {"wal_directory",
     [](const Value& value, ServerEntry& entry) {
       CheckOneFilesystem(value, entry.server.wal_filesystem_size.has_value());
       entry.server.wal_directory = Text(value);
     }},
    {"wal_filesystem_size",
     [](const Value& value, ServerEntry& entry) {
       CheckOneFilesystem(value, !entry.server.wal_directory.empty());
       entry.server.wal_filesystem_size = static_cast<double>(Size(value));
     }},
    kMaxLag,
    {"role",
     [](const Value& value, ServerEntry& entry) { entry.server.purpose = ReadPurpose(value); }},
    {"upstream_is_primary",
     [](const Value& value, ServerEntry& entry) {
       entry.server.upstream_is_primary = Switch(value);
     }},
};

constexpr Key<ClusterEntry> kClusterKeys[] = {
    {"name", [](const Value& value, ClusterEntry& entry) { entry.cluster.name = Name(value); }},
    {"expected_standbys",
     [](const Value& value, ClusterEntry& entry) {
       entry.cluster.expected_standbys = Count(value, static_cast<int>(kMostServers));
     }},
    {"expected_primaries",
     [](const Value& value, ClusterEntry& entry) {
       entry.cluster.expected_primaries = Count(value, 1);
     }},
    {"servers", [](const Value& value, ClusterEntry& entry) { entry.servers.emplace(value); }},
    {"discover", [](const Value& value, ClusterEntry& entry) { entry.discover.emplace(value); }},
};

constexpr Key<Timing> kTimingKeys[] = {
    {"pulse_interval",
     [](const Value& value, Timing& timing) {
       timing.pulse_interval = Interval(value, {200ms, 5s});
     }},
    {"pulse_deadline",
     [](const Value& value, Timing& timing) {
       timing.pulse_deadline = Interval(value, {500ms, 30s});
     }},
    {"interval",
     [](const Value& value, Timing& timing) {
       timing.interval = Interval(value, {1s, 5min});
     }},
    {"slow_interval",
     [](const Value& value, Timing& timing) {
       timing.slow_interval = Interval(value, {10s, 1h});
     }},
    {"connection_lifetime",
     [](const Value& value, Timing& timing) {
       timing.connection_lifetime = Interval(value, {1min, 7 * 24h});
     }},
    {"remember_vanished",
     [](const Value& value, Timing& timing) {
       timing.remember_vanished = Interval(value, {1min, 30 * 24h});
     }},
};

constexpr Key<Root> kRootKeys[] = {
    {"clusters", [](const Value& value, Root& root) { root.clusters.emplace(value); }},
    {"defaults", [](const Value& value, Root& root) { root.defaults.emplace(value); }},
    {"collectors", [](const Value& value, Root& root) { root.collectors.emplace(value); }},
    {"queries", [](const Value& value, Root& root) { root.queries.emplace(value); }},
    {"timing", [](const Value& value, Root& root) { root.timing.emplace(value); }},
};

class Reader {
 public:
  Reader(const std::string& path, std::span<const std::string_view> collector_names)
      : path_(path), collector_names_(collector_names) {}

  Config Read(const YAML::Node& node) {
    if (node.IsNull()) Fail({}, "the file is empty; list one cluster at least under 'clusters:'");
    Root root;
    ReadMap(node, "config", kRootKeys, root);
    if (!root.clusters) Fail(node.Mark(), "no clusters; list one at least under 'clusters:'");
    Config config;
    if (root.timing) ReadMap(root.timing->node, "timing", kTimingKeys, config.timing);
    if (root.collectors) config.collectors = ReadCollectors(*root.collectors);
    if (root.defaults) ReadMap(root.defaults->node, "defaults", kDefaultsKeys, defaults_);
    config.clusters = ReadClusters(*root.clusters);
    if (root.queries) {
      config.queries =
          ReadQueries(*root.queries, {collector_names_, config.clusters, config.timing.interval});
    }
    return config;
  }

 private:
  std::map<std::string, bool, std::less<>> ReadCollectors(const Value& value) {
    std::map<std::string, bool, std::less<>> enabled;
    ReadKeys(value.node, "collectors", collector_names_,
             [&](const Value& collector) { enabled[collector.key] = Switch(collector); });
    return enabled;
  }

  std::vector<Cluster> ReadClusters(const Value& value) {
    std::vector<Cluster> clusters;
    Siblings names;
    for (const YAML::Node& node : Items(value)) {
      clusters.push_back(ReadCluster(node));
      names.Add("cluster", clusters.back().name, node.Mark());
    }
    return clusters;
  }

  Cluster ReadCluster(const YAML::Node& node) {
    ClusterEntry entry;
    ReadMap(node, "cluster", kClusterKeys, entry);
    Cluster& cluster = entry.cluster;
    if (cluster.name.empty()) Fail(node.Mark(), "the cluster has no name; add 'name: ...'");
    if (!entry.servers && !entry.discover) {
      Fail(node.Mark(), fmt::format("cluster {} has no servers; list one at least under 'servers:'",
                                    Quoted(cluster.name)));
    }
    cluster.where = Where(node);
    if (entry.discover) cluster.discovery = CompleteDiscovery(*entry.discover);
    if (!entry.servers) return std::move(entry.cluster);
    Siblings names;
    for (const YAML::Node& server : Items(*entry.servers)) {
      cluster.servers.push_back(ReadServer(server, entry.discover.has_value()));
      names.Add("server", cluster.servers.back().name, server.Mark());
    }
    return std::move(entry.cluster);
  }

  Discovery CompleteDiscovery(const Value& value) {
    Discovery discovery = ReadDiscovery(value);
    ServerEntry common{.server = std::move(discovery.server), .max_lag = {}};
    common.server.where = Where(value.node);
    Complete(common);
    discovery.server = std::move(common.server);
    discovery.ca_file = FromConfigFolder(discovery.ca_file);
    if (discovery.kubernetes) {
      discovery.kubernetes->credentials = FromConfigFolder(discovery.kubernetes->credentials);
    }
    return discovery;
  }

  Server ReadServer(const YAML::Node& node, bool is_discovered) {
    if (++server_count_ > kMostServers) {
      Fail(node.Mark(),
           fmt::format("more than {} servers; share them among several exporters", kMostServers));
    }
    ServerEntry entry;
    ReadMap(node, "server", kServerKeys, entry);
    Server& server = entry.server;
    if (server.name.empty()) Fail(node.Mark(), "the server has no name; add 'name: ...'");
    if (server.conninfo.empty() && !is_discovered) {
      Fail(node.Mark(),
           fmt::format("server {} has no conninfo; add 'conninfo: host=...'", Quoted(server.name)));
    }
    server.where = Where(node);
    Complete(entry);
    return std::move(entry.server);
  }

  // What the server doesn't say comes from the defaults; a role only ever raises max_lag.
  void Complete(ServerEntry& entry) const {
    Server& server = entry.server;
    if (server.password_file.empty() && server.password_command.empty()) {
      server.password_file = defaults_.server.password_file;
      server.password_command = defaults_.server.password_command;
    }
    server.password_file = FromConfigFolder(server.password_file);
    server.archive_directory = FromConfigFolder(server.archive_directory);
    server.wal_directory = FromConfigFolder(server.wal_directory);
    server.max_lag = entry.max_lag.value_or(
        std::max(defaults_.max_lag.value_or(kDefaultMaxLag), LeastMaxLag(server.purpose)));
  }

  [[nodiscard]] std::string FromConfigFolder(const std::string& file) const {
    if (file.empty()) return file;
    return std::filesystem::path(path_).parent_path() / file;
  }

  [[nodiscard]] std::string Where(const YAML::Node& node) const {
    return fmt::format("{}:{}", path_, node.Mark().line + 1);
  }

  const std::string& path_;
  const std::span<const std::string_view> collector_names_;
  ServerEntry defaults_;
  std::size_t server_count_ = 0;
};

}  // namespace

Config ReadConfig(const YAML::Node& root, const std::string& path,
                  std::span<const std::string_view> collector_names) {
  return Reader(path, collector_names).Read(root);
}

}  // namespace pgrepl::config
