// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/exposition.h"

#include <vector>

#include "exporter/http/preferences.h"

namespace pgrepl::http {
namespace {

std::vector<const Family*> FamiliesOf(const CollectorSet& collectors) {
  std::vector<const Family*> families;
  for (std::size_t i = 0; i < collectors.size(); ++i) {
    if (!collectors.IsOn(i)) continue;
    const auto declared = collectors[i].families;
    families.insert(families.end(), declared.begin(), declared.end());
  }
  return families;
}

void AddServer(const ServerView& server, Page& page) {
  Samples samples(page, server.labels);
  for (std::size_t i = 0; i < server.facts.size(); ++i) {
    const Collector& collector = *server.collectors[i];
    if (collector.emit != nullptr) collector.emit(server.facts[i], server, samples);
  }
}

void AddCluster(const ClusterView& cluster, const CollectorSet& collectors, Page& page) {
  Samples samples(page, cluster.labels);
  for (const Collector* collector : collectors.all()) {
    if (collector->emit_cluster != nullptr) collector->emit_cluster(cluster, samples);
  }
  for (const ServerView& server : cluster.servers) AddServer(server, page);
}

}  // namespace

void Exposition::Begin(const CollectorSet& collectors) {
  if (!page_ || collectors_ != collectors) {
    collectors_ = collectors;
    page_.emplace(FamiliesOf(collectors));
  }
  page_->Clear();
}

void Exposition::Add(const ClusterView& cluster) { AddCluster(cluster, collectors_, *page_); }

std::string Expose(std::span<const ClusterView> clusters, const CollectorSet& collectors,
                   TextFormat format) {
  const std::vector<const Family*> families = FamiliesOf(collectors);
  Page page(families);
  for (const ClusterView& cluster : clusters) AddCluster(cluster, collectors, page);
  return page.Render(format);
}

std::string ExposeServer(const ServerView& server, const CollectorSet& collectors,
                         TextFormat format) {
  const std::vector<const Family*> families = FamiliesOf(collectors);
  Page page(families);
  AddServer(server, page);
  return page.Render(format);
}

TextFormat NegotiateFormat(std::string_view accept) {
  const std::vector<Preference> types = Preferences(accept);
  const double open_metrics = WeightOf(types, "application/openmetrics-text").value_or(0);
  return open_metrics > 0 && open_metrics >= WeightOf(types, "text/plain")
             ? TextFormat::kOpenMetrics
             : TextFormat::kPrometheus;
}

}  // namespace pgrepl::http
