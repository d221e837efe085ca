// SPDX-License-Identifier: Apache-2.0
#include "exporter/fleet.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "exporter/base/descriptors.h"
#include "exporter/base/log.h"

namespace pgrepl {
namespace {

// A query may be for some clusters only.
CollectorSet CollectorsOf(const std::string& cluster, const config::Config& config,
                          CollectorSet collectors) {
  for (std::size_t i = kCollectorCount; i < collectors.size(); ++i) {
    const std::vector<std::string>& clusters = config.queries[i - kCollectorCount].clusters;
    const bool is_named = std::find(clusters.begin(), clusters.end(), cluster) != clusters.end();
    if (!clusters.empty() && !is_named) collectors.Switch(i, false);
  }
  return collectors;
}

Result<SessionOptions> MakeSession(const config::Cluster& cluster, const config::Server& server,
                                   const config::Timing& timing, const CollectorSet& collectors) {
  Result<Conninfo> conninfo = Conninfo::Parse(server.conninfo);
  if (!conninfo) {
    return Error{server.where + ": server '" + server.name + "': " + conninfo.error().message, "",
                 conninfo.error().hint};
  }
  return SessionOptions{
      .cluster = cluster.name,
      .name = server.name,
      .login = {std::move(*conninfo), server.password_file, server.password_command},
      .archive_directory = server.archive_directory,
      .wal_directory = server.wal_directory,
      .collectors = collectors,
      .pulse_interval = timing.pulse_interval,
      .pulse_deadline = timing.pulse_deadline,
      .interval = timing.interval,
      .slow_interval = timing.slow_interval,
      .connection_lifetime = timing.connection_lifetime};
}

cluster::ClusterOptions MakeCluster(const config::Cluster& cluster, const config::Timing& timing) {
  cluster::ClusterOptions options{.name = cluster.name,
                                  .servers = {},
                                  .expected_standbys = cluster.expected_standbys,
                                  .expected_primaries = cluster.expected_primaries,
                                  .pulse_interval = timing.pulse_interval,
                                  .pulse_deadline = timing.pulse_deadline,
                                  .interval = timing.interval,
                                  .slow_interval = timing.slow_interval,
                                  .remember_vanished = timing.remember_vanished};
  for (const config::Server& server : cluster.servers) {
    options.servers.push_back({.name = server.name,
                               .max_lag_seconds = Seconds(server.max_lag),
                               .fed_by_archive = server.purpose == config::ServerPurpose::kArchive,
                               .may_lead = server.purpose == config::ServerPurpose::kOrdinary,
                               .upstream_is_primary = server.upstream_is_primary,
                               .wal_filesystem_bytes = server.wal_filesystem_size});
  }
  return options;
}

// One for each server, and those of the HTTP side, of directories and of look-ups. Past the limit servers
// would be down in turns.
void CheckDescriptors(const config::Config& config) {
  constexpr std::size_t kOthers = 150;
  std::size_t servers = 0;
  for (const config::Cluster& cluster : config.clusters) servers += cluster.servers.size();
  const std::size_t limit = DescriptorLimit();
  if (servers + kOthers <= limit) return;
  log::Warn("too few file descriptors to be connected with all servers",
            {{"servers", std::to_string(servers)},
             {"limit", std::to_string(limit)},
             {"hint", "raise the hard limit to " + std::to_string(servers + kOthers) +
                          ": LimitNOFILE= of the systemd unit, --ulimit nofile= of a container, or "
                          "ulimit -Hn; or watch them in parts, by --shard"}});
}

}  // namespace

Status Fleet::Configure(const config::Config& config, const CollectorSet& collectors) {
  Scheduler::Options options{.pulse_interval = config.timing.pulse_interval, .clusters = {}};
  std::vector<cluster::ClusterOptions> clusters;
  for (const config::Cluster& cluster : config.clusters) {
    const CollectorSet own = CollectorsOf(cluster.name, config, collectors);
    std::vector<SessionOptions> sessions;
    for (const config::Server& server : cluster.servers) {
      Result<SessionOptions> session = MakeSession(cluster, server, config.timing, own);
      if (!session) return session.error();
      sessions.push_back(std::move(*session));
    }
    options.clusters.push_back({cluster.name, std::move(sessions), {}});
    clusters.push_back(MakeCluster(cluster, config.timing));
  }
  CheckDescriptors(config);
  MutexLock lock(mutex_);
  std::vector<ClusterStatePtr> states;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    ClusterStatePtr state = Find(clusters[i].name);
    if (state) {
      state->Reconfigure(std::move(clusters[i]), Now());
    } else {
      state = std::make_shared<cluster::ClusterState>(std::move(clusters[i]), Now());
    }
    options.clusters[i].publish = [state](const std::string& server,
                                          const ServerSnapshotPtr& snapshot) {
      state->Observe(server, snapshot, Now());
    };
    states.push_back(std::move(state));
  }
  clusters_ = std::move(states);
  collectors_ = collectors;
  scheduler_.Configure(std::move(options));
  return Ok();
}

Fleet::ClusterStatePtr Fleet::Find(std::string_view cluster) const {
  const auto found = std::find_if(clusters_.begin(), clusters_.end(),
                                  [&](const auto& one) { return one->name() == cluster; });
  return found != clusters_.end() ? *found : nullptr;
}

std::vector<Fleet::ClusterStatePtr> Fleet::Clusters(std::string_view only) const {
  MutexLock lock(mutex_);
  const ClusterStatePtr named = Find(only);
  return named ? std::vector{named} : clusters_;
}

std::vector<ClusterView> Fleet::View(std::string_view only) const {
  std::vector<ClusterView> views;
  for (const ClusterStatePtr& cluster : Clusters(only)) views.push_back(cluster->View(Now()));
  return views;
}

void Fleet::Visit(const std::function<void(const ClusterView&)>& visit) const {
  for (const ClusterStatePtr& cluster : Clusters({})) visit(cluster->View(Now()));
}

CollectorSet Fleet::collectors() const {
  MutexLock lock(mutex_);
  return collectors_;
}

}  // namespace pgrepl
