// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/health_checks.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config/duration.h"
#include "exporter/http/query.h"
#include "exporter/http/refusal.h"
#include "exporter/report/choose.h"
#include "exporter/report/routing.h"
#include "exporter/report/words.h"

namespace pgrepl::http {
namespace {

constexpr config::DurationRange kMaxLag{.least = Duration::zero(), .most = std::chrono::days(30)};

Response Answer(const report::Verdict& verdict) {
  return {.status = verdict.yes ? 200 : 503, .body = verdict.line + "\n"};
}

std::string WhichCluster(const report::Clusters& clusters) {
  std::vector<std::string_view> names;
  for (const ClusterView* cluster : clusters) names.push_back(cluster->name);
  return "which cluster? add cluster=NAME: " + report::List(names);
}

// What `of_server` says of the server that is asked for, or `of_cluster` of the cluster.
template <typename OfServer, typename OfCluster>
Response Judge(const Views& views, const Parameters& parameters, OfServer of_server,
               OfCluster of_cluster) {
  const std::string_view cluster = Value(parameters, "cluster");
  const std::string_view server = Value(parameters, "server");
  const std::vector<ClusterView> clusters = views(cluster);
  if (!server.empty()) {
    const auto chosen = report::ChooseServer(clusters, cluster, server);
    if (chosen) return Answer(of_server(*chosen->cluster, *chosen->server));
    const bool ambiguous = cluster.empty() && report::IsShared(clusters, server);
    return Refusal(ambiguous ? 400 : 404, chosen.error().message);
  }
  const auto chosen = report::ChooseClusters(clusters, cluster);
  if (!chosen) return Refusal(404, chosen.error().message);
  if (chosen->size() != 1) return Refusal(400, WhichCluster(*chosen));
  return Answer(of_cluster(*chosen->front()));
}

}  // namespace

Response PrimaryCheck(const Views& views, const Request& request) {
  constexpr std::string_view kKnown[] = {"cluster", "server"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  return Judge(views, *parameters, report::IsPrimary, report::HasPrimary);
}

Response StandbyCheck(const Views& views, const Request& request) {
  constexpr std::string_view kKnown[] = {"max_lag", "cluster", "server"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view text = Value(*parameters, "max_lag");
  if (text.empty()) return Refusal(400, "how far behind may it be? /standby?max_lag=10s");
  const Result<Duration> max_lag = config::ParseDuration(text, kMaxLag);
  if (!max_lag) return Refusal(400, "max_lag: " + max_lag.error().message);
  return Judge(
      views, *parameters,
      [&](const ClusterView& cluster, const ServerView& server) {
        return report::IsFreshStandby(cluster, server, *max_lag);
      },
      [&](const ClusterView& cluster) { return report::HasFreshStandby(cluster, *max_lag); });
}

}  // namespace pgrepl::http
