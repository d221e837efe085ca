// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/report_routes.h"

#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/config/nearest.h"
#include "exporter/http/query.h"
#include "exporter/http/refusal.h"
#include "exporter/report/check.h"
#include "exporter/report/clusters.h"
#include "exporter/report/explain.h"
#include "exporter/report/topology.h"

namespace pgrepl::http {
namespace {

constexpr std::string_view kContentTypes[] = {"text/plain; charset=utf-8", "application/json",
                                              "text/vnd.graphviz; charset=utf-8"};

std::optional<config::ReportFormat> FormatOf(std::string_view word) {
  if (word.empty()) return config::ReportFormat::kText;
  for (std::size_t i = 0; i < std::size(config::kReportFormats); ++i) {
    if (config::kReportFormats[i] == word) return static_cast<config::ReportFormat>(i);
  }
  return std::nullopt;
}

constexpr std::string_view kPurposes[] = {"switchover", "restart", "upgrade"};

std::optional<config::CheckFor> PurposeOf(std::string_view word) {
  for (std::size_t i = 0; i < std::size(config::kCheckFor); ++i) {
    if (config::kCheckFor[i] == word) return static_cast<config::CheckFor>(i);
  }
  return std::nullopt;
}

}  // namespace

Response CheckPage(const Views& views, const Request& request) {
  constexpr std::string_view kKnown[] = {"format", "cluster", "for"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view word = Value(*parameters, "format");
  const auto format = FormatOf(word);
  const auto known = std::span(config::kReportFormats).first(2);  // no drawing of it
  if (!format || *format == config::ReportFormat::kDot) {
    return Refusal(400, config::Unknown("format", word, known));
  }
  const std::string_view purpose_word = Value(*parameters, "for");
  const auto purpose = PurposeOf(purpose_word);
  if (!purpose) return Refusal(400, config::Unknown("purpose", purpose_word, kPurposes));
  const std::string_view cluster = Value(*parameters, "cluster");
  const std::vector<ClusterView> clusters = views(cluster);
  const auto chosen = report::ChooseClusters(clusters, cluster);
  if (!chosen) return Refusal(404, chosen.error().message);
  return {.content_type = std::string(kContentTypes[static_cast<std::size_t>(*format)]),
          .body = report::Check(*chosen, *purpose, *format)};
}

Response TopologyPage(const Views& views, const Request& request) {
  constexpr std::string_view kKnown[] = {"format", "cluster"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view word = Value(*parameters, "format");
  const auto format = FormatOf(word);
  if (!format) return Refusal(400, config::Unknown("format", word, config::kReportFormats));
  const std::string_view cluster = Value(*parameters, "cluster");
  const std::vector<ClusterView> clusters = views(cluster);
  const auto chosen = report::ChooseClusters(clusters, cluster);
  if (!chosen) return Refusal(404, chosen.error().message);
  return {.content_type = std::string(kContentTypes[static_cast<std::size_t>(*format)]),
          .body = report::Topology(*chosen, *format)};
}

Response ClustersPage(const Views& views, const Request& request, std::string_view version) {
  constexpr std::string_view kKnown[] = {"cluster"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view cluster = Value(*parameters, "cluster");
  const std::vector<ClusterView> clusters = views(cluster);
  const auto chosen = report::ChooseClusters(clusters, cluster);
  if (!chosen) return Refusal(404, chosen.error().message);
  return {.content_type = "application/json",
          .body = report::ClustersJson(*chosen, version, WallSeconds())};
}

Response ExplainPage(const Views& views, const Request& request) {
  constexpr std::string_view kKnown[] = {"server", "cluster"};
  const Result<Parameters> parameters = ParseQuery(request.query, kKnown);
  if (!parameters) return Refusal(400, parameters.error().message);
  const std::string_view server = Value(*parameters, "server");
  if (server.empty()) return Refusal(400, "which server? /explain?server=NAME");
  const std::string_view cluster = Value(*parameters, "cluster");
  const std::vector<ClusterView> clusters = views(cluster);
  const auto chosen = report::ChooseServer(clusters, cluster, server);
  if (!chosen) return Refusal(404, chosen.error().message);
  return {.body = report::Explain(*chosen)};
}

}  // namespace pgrepl::http
