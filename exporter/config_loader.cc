// SPDX-License-Identifier: Apache-2.0
#include "exporter/config_loader.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/query.h"
#include "exporter/base/log.h"
#include "exporter/config/environment.h"
#include "exporter/config/load.h"
#include "exporter/config/members.h"

namespace pgrepl {
namespace {

constexpr int kDiscoveryThreads = 4;

Result<config::Config> ReadConfig(const config::Flags& flags) {
  if (!flags.config_file.empty()) return config::Load(flags.config_file, CollectorNames());
  return config::FromEnvironment(
      [](const char* name) { return std::getenv(name); },  // NOLINT(concurrency-mt-unsafe)
      [](const std::string& conninfo) -> Result<std::string> {
        const Result<Conninfo> parsed = Conninfo::Parse(conninfo);
        if (!parsed) return parsed.error();
        return parsed->Address();
      });
}

// On unless the configuration says otherwise; a flag wins over the file.
CollectorSet EnabledCollectors(const config::Config& config, const config::Flags& flags) {
  CollectorSet enabled;
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    for (const auto* said : {&config.collectors, &flags.collectors}) {
      const auto found = said->find(CollectorNames()[i]);
      if (found != said->end()) enabled.Switch(i, found->second);
    }
  }
  return enabled;
}

// Of all clusters those that are this exporter's; their names.
std::vector<std::string> TakeShare(config::Config& config, const config::Shard& shard) {
  const std::size_t all = config.clusters.size();
  std::erase_if(config.clusters, [&](const auto& one) { return !shard.Owns(one.name); });
  std::vector<std::string> names;
  for (const config::Cluster& cluster : config.clusters) names.push_back(cluster.name);
  if (shard.count > 1) {
    log::Info("shard", {{"shard", shard.Text()},
                        {"clusters", std::to_string(names.size())},
                        {"of", std::to_string(all)}});
  }
  return names;
}

void AddQueries(const config::Config& config, CollectorSet& collectors) {
  for (const config::Query& query : config.queries) collectors.Add(MakeCollector(query));
}

bool Discovers(const config::Config& config, std::string_view cluster) {
  return std::any_of(config.clusters.begin(), config.clusters.end(), [&](const auto& one) {
    return one.name == cluster && one.discovery.has_value();
  });
}

}  // namespace

Result<CollectorSet> ConfiguredCollectors(const config::Flags& flags) {
  const Result<config::Config> config =
      flags.config_file.empty() ? config::Config() : ReadConfig(flags);
  if (!config) return config.error();
  CollectorSet collectors = EnabledCollectors(*config, flags);
  AddQueries(*config, collectors);
  return collectors;
}

ConfigLoader::ConfigLoader(config::Flags flags, Queries queries, Fleet& fleet, SelfMetrics& self)
    : flags_(std::move(flags)),
      queries_(queries),
      fleet_(fleet),
      self_(self),
      discoverer_(kDiscoveryThreads, [this](const std::string& cluster, const auto& members) {
        Found(cluster, members);
      }) {}

Status ConfigLoader::Load() {
  MutexLock lock(mutex_);
  Status applied = Apply();
  self_.ConfigLoaded(applied.ok());
  return applied;
}

Status ConfigLoader::Apply() {
  Result<config::Config> config = ReadConfig(flags_);
  if (!config) return config.error();
  const std::vector<std::string> clusters = TakeShare(*config, flags_.shard);
  Status watched = Watch(*config);
  if (!watched) return watched;
  self_.Watches(clusters, flags_.shard.Text());
  std::map<std::string, config::Discovery> discoveries;
  std::vector<std::string> discovered;
  for (const config::Cluster& cluster : config->clusters) {
    if (!cluster.discovery) continue;
    discoveries[cluster.name] = *cluster.discovery;
    discovered.push_back(cluster.name);
  }
  self_.Discovers(discovered);
  discoverer_.Configure(discoveries);
  config_ = std::move(*config);
  return Ok();
}

Status ConfigLoader::Watch(const config::Config& config) {
  config::Config found = config;
  for (config::Cluster& cluster : found.clusters) {
    const std::vector<config::Member> members = membership_.Of(cluster.name);
    cluster = config::WithMembers(std::move(cluster), members);
  }
  return fleet_.Configure(found, CollectorsOf(config));
}

void ConfigLoader::Found(const std::string& cluster, const Result<discover::Members>& members) {
  MutexLock lock(mutex_);
  // It waited for a reload, perhaps, which has taken its cluster away.
  if (!Discovers(*config_, cluster)) return;
  Note(cluster, members);
  if (!members) return;
  const Duration remember = config_->timing.remember_vanished;
  if (!membership_.Update(cluster, *members, remember, Now())) return;
  std::string names;
  for (const config::Member& member : membership_.Of(cluster)) {
    names.append(names.empty() ? "" : " ").append(member.name);
  }
  log::Info("members", {{"pg_cluster", cluster}, {"servers", names}});
  if (const Status watched = Watch(*config_); !watched) {
    log::Error("the members can't be watched",
               {{"pg_cluster", cluster}, {"error", watched.error().message}});
  }
}

// The log gets changes only.
void ConfigLoader::Note(const std::string& cluster, const Result<discover::Members>& members) {
  self_.Discovered(cluster, members.ok(), members ? members->size() : 0);
  const std::string failure = members ? "" : members.error().message;
  std::string& said = failures_[cluster];
  if (said == failure) return;
  said = failure;
  if (members) {
    log::Info("members are found again", {{"pg_cluster", cluster}});
  } else {
    log::Warn("members can't be looked up; those that are known stay",
              {{"pg_cluster", cluster}, {"error", failure}, {"hint", members.error().hint}});
  }
}

// The very same as before where the configuration says the same, so that sessions go on.
CollectorSet ConfigLoader::CollectorsOf(const config::Config& config) const {
  const bool same =
      config_ && config.collectors == config_->collectors && config.queries == config_->queries;
  if (same) return fleet_.collectors();
  CollectorSet collectors = EnabledCollectors(config, flags_);
  if (queries_ == Queries::kRun) AddQueries(config, collectors);
  return collectors;
}

}  // namespace pgrepl
