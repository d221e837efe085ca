// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/cluster_json.h"

#include <cstdint>
#include <string>
#include <utility>

#include "exporter/report/topology.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

Json RpoJson(const RpoView& rpo) {
  return {
      {"known", rpo.known}, {"bytes", BytesOrNull(rpo.bytes)}, {"seconds", OrNull(rpo.seconds)}};
}

Json LagJson(const LagView& lag) {
  return {{"seconds", lag.seconds},
          {"known", lag.known},
          {"bound", kLagBounds[static_cast<std::size_t>(lag.bound)]},
          {"source", kLagSources[static_cast<std::size_t>(lag.source)]},
          {"cause", Name(lag.cause)},
          {"bytes", BytesOrNull(lag.bytes.total)},
          {"threshold_seconds", lag.threshold}};
}

Json StandbysOf(const Node& node) {
  Json names = Json::array();
  for (const Node& standby : node.standbys) names.push_back(standby.server->name);
  return names;
}

Json ServerJson(const Node& node, const std::string& reason) {
  const ServerView& server = *node.server;
  const Sender* sender = SenderOf(node.upstream, server);
  const bool standby = server.role == Role::kStandby && server.lag;
  const bool state_known = standby && !server.lag->state_hidden;
  Json json = {{"name", server.name}, {"configured", server.configured}};
  json["role"] = server.role ? Json(SayRole(server)) : Json();
  json["up"] = server.configured ? Json(server.up) : Json();
  json["reason"] = server.configured && server.tried ? Json(Name(server.reason)) : Json();
  json["timeline"] = OrNull(server.timeline);
  json["diverged"] = OrNull(server.diverged);
  json["upstream"] = node.upstream != nullptr ? Json(node.upstream->name) : Json();
  json["upstream_address"] = TextOrNull(server.upstream_address);
  json["unplaced"] = TextOrNull(reason);
  json["connected"] = standby ? Json(server.lag->connected) : Json();
  json["streaming"] = state_known ? Json(server.lag->streaming) : Json();
  json["sync_state"] = sender != nullptr ? TextOrNull(sender->sync_state) : Json();
  json["lag"] = standby ? LagJson(*server.lag) : Json();
  json["ambiguous_senders"] = OrNull(server.ambiguous_senders);
  json["standbys"] = StandbysOf(node);
  return json;
}

// Upstreams come before their standbys.
void AddServers(const Node& node, const std::string& reason, Json& servers) {
  if (node.server != nullptr) servers.push_back(ServerJson(node, reason));
  for (const Node& standby : node.standbys) AddServers(standby, "", servers);
}

}  // namespace

Json BytesOrNull(const std::optional<double>& bytes) {
  return bytes ? Json(static_cast<std::int64_t>(*bytes)) : Json();
}

Json TextOrNull(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json ClusterJson(const ClusterView& cluster) {
  Json servers = Json::array();
  const Tree tree = TreeOf(cluster);
  for (const Node& root : tree.roots) AddServers(root, "", servers);
  for (const Unplaced& one : tree.unplaced) AddServers(one.node, one.reason, servers);
  const ServerView* candidate = CandidateOf(cluster);
  return {{"name", cluster.name},
          {"primaries", cluster.primaries},
          {"expected_primaries", cluster.expected_primaries},
          {"rpo", {{"standby", RpoJson(cluster.rpo_standby)}, {"any", RpoJson(cluster.rpo_any)}}},
          {"failover_candidate", candidate != nullptr ? Json(candidate->name) : Json()},
          {"servers", std::move(servers)}};
}

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pgrepl::report
