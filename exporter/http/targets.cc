// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/targets.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/config/nearest.h"
#include "exporter/http/exposition.h"
#include "exporter/http/query.h"
#include "exporter/http/refusal.h"
#include "exporter/report/choose.h"
#include "exporter/report/http_sd.h"

namespace pgrepl::http {
namespace {

Response Page(TextFormat format, std::string text) {
  return {.content_type = std::string(ContentType(format)), .body = std::move(text)};
}

}  // namespace

Response ServiceDiscovery(const Views& views, const Request& request) {
  if (!request.query.empty()) return Refusal(400, "/sd takes no parameters");
  const std::vector<ClusterView> clusters = views("");
  return {.content_type = "application/json",
          .body = report::HttpSd(*report::ChooseClusters(clusters, ""))};
}

Response Probe(const Views& views, const CollectorSet& collectors, const Request& request) {
  constexpr std::string_view kKnown[] = {"target", "cluster"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view target = Value(*parameters, "target");
  const std::string_view cluster = Value(*parameters, "cluster");
  if (target.empty()) return Refusal(400, "which cluster or server? /probe?target=NAME");
  const std::vector<ClusterView> clusters = views(cluster.empty() ? target : cluster);
  const TextFormat format = NegotiateFormat(request.accept);
  const auto named = std::find_if(clusters.begin(), clusters.end(),
                                  [&](const ClusterView& one) { return one.name == target; });
  if (cluster.empty() && named != clusters.end()) {
    return Page(format, Expose({&*named, 1}, collectors, format));
  }
  const auto chosen = report::ChooseServer(clusters, cluster, target);
  if (!chosen) {
    const bool ambiguous = cluster.empty() && report::IsShared(clusters, target);
    return Refusal(ambiguous ? 400 : 404, "no cluster, and " + chosen.error().message);
  }
  if (!chosen->server->configured) {
    return Refusal(404, "server " + config::Quoted(target) + " is not configured");
  }
  return Page(format, ExposeServer(*chosen->server, collectors, format));
}

}  // namespace pgrepl::http
