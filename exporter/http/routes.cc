// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "exporter/http/health_checks.h"
#include "exporter/http/metrics_page.h"
#include "exporter/http/page.h"
#include "exporter/http/refusal.h"
#include "exporter/http/report_routes.h"
#include "exporter/http/targets.h"

namespace pgrepl::http {
namespace {

std::function<Response(const Request&)> MetricsRoute(const RouteOptions& options) {
  const auto page = std::make_shared<MetricsPage>(
      MetricsPage::Options{options.collectors, options.visit, options.self});
  return [page](const Request& request) {
    const TextFormat format = NegotiateFormat(request.accept);
    return Response{
        .content_type = std::string(ContentType(format)), .body = {}, .shared = page->Get(format)};
  };
}

// Ready once the page is complete: every server was tried, whether it answers or not.
Response Ready(const VisitClusters& visit) {
  std::string waiting;
  visit([&](const ClusterView& cluster) {
    for (const ServerView& server : cluster.servers) {
      if (server.tried) continue;
      waiting.append("not tried yet: ").append(cluster.name).append("/").append(server.name) +=
          '\n';
    }
  });
  if (!waiting.empty()) return {.status = 503, .body = std::move(waiting)};
  return {.body = "ready\n"};
}

Response Reload(const std::function<Status()>& reload) {
  if (!reload) return Refusal(403, "not allowed; start the exporter with --web.enable-lifecycle");
  const Status loaded = reload();
  if (!loaded) return Refusal(500, loaded.error().message);
  return {.body = "configuration loaded\n"};
}

}  // namespace

std::vector<Route> MakeRoutes(RouteOptions given) {
  const auto options = std::make_shared<const RouteOptions>(std::move(given));
  std::vector<Route> routes = {
      {Method::kGet, options->telemetry_path, MetricsRoute(*options)},
      {Method::kGet, "/-/healthy", [](const Request&) { return Response{.body = "healthy\n"}; }},
      {Method::kGet, "/-/ready", [options](const Request&) { return Ready(options->visit); }},
      {Method::kPost, "/-/reload", [options](const Request&) { return Reload(options->reload); }},
      {Method::kGet, "/topology",
       [options](const Request& request) { return TopologyPage(options->views, request); }},
      {Method::kGet, "/explain",
       [options](const Request& request) { return ExplainPage(options->views, request); }},
      {Method::kGet, "/check",
       [options](const Request& request) { return CheckPage(options->views, request); }},
      {Method::kGet, "/api/v1/clusters",
       [options](const Request& request) {
         return ClustersPage(options->views, request, options->version);
       }},
      {Method::kCheck, "/primary",
       [options](const Request& request) { return PrimaryCheck(options->views, request); }},
      {Method::kCheck, "/standby",
       [options](const Request& request) { return StandbyCheck(options->views, request); }},
      {Method::kGet, "/sd",
       [options](const Request& request) { return ServiceDiscovery(options->views, request); }},
      {Method::kGet, "/probe",
       [options](const Request& request) {
         return Probe(options->views, options->collectors(), request);
       }},
  };
  for (const PageFile& file : kPage) {
    routes.push_back({Method::kGet, std::string(file.path), [&file](const Request&) {
                        return Response{.content_type = std::string(file.content_type),
                                        .body = std::string(file.body)};
                      }});
  }
  return routes;
}

}  // namespace pgrepl::http
