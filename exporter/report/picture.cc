// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/picture.h"

#include <algorithm>
#include <utility>

#include "exporter/report/cluster_json.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// Null is "not known". The library throws where a value is of another kind; that stops in ReadPicture.
template <typename T>
std::optional<T> Get(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

std::string Text(const Json& json, const char* key) {
  return Plain(Get<std::string>(json, key).value_or(""));
}

const Json& Part(const Json& json, const char* key) {
  static const Json kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string StateOf(const Json& json) {
  if (Get<bool>(json, "configured") == false) return "not configured";
  const std::string reason = Text(json, "reason");
  if (reason.empty()) return "not tried yet";
  return Get<bool>(json, "up").value_or(false) ? "up" : "down: " + reason;
}

std::string LinkOf(const Json& json) {
  const auto connected = Get<bool>(json, "connected"), streaming = Get<bool>(json, "streaming");
  if (!connected) return "";
  if (streaming == true) return "streaming";
  if (*connected) return streaming ? "catching up" : "connected";
  return Text(Part(json, "lag"), "source") == "archive" ? "from archive" : "not connected";
}

std::optional<PicturedLag> LagOf(const Json& json) {
  const Json& lag = Part(json, "lag");
  if (lag.is_null()) return std::nullopt;
  std::string cause = Text(lag, "cause");
  if (cause == "none") cause.clear();
  return PicturedLag{.seconds = Get<double>(lag, "seconds").value_or(0),
                     .known = Get<bool>(lag, "known").value_or(false),
                     .bound = Text(lag, "bound"),
                     .cause = std::move(cause),
                     .threshold = Get<double>(lag, "threshold_seconds").value_or(60)};
}

std::string ArchiveOf(const Json& json) {
  const Json& archive = Part(json, "archive");
  if (archive.is_null() || Get<bool>(archive, "enabled") != true) return "";
  return Get<bool>(archive, "failing").value_or(false) ? "failing" : "ok";
}

int DepthOf(const Json& json, const std::vector<PicturedServer>& before) {
  const std::string upstream = Text(json, "upstream");
  for (const PicturedServer& one : before) {
    if (!upstream.empty() && one.name == upstream) return one.depth + 1;
  }
  return 0;
}

PicturedServer ServerOf(const Json& json, const std::vector<PicturedServer>& before) {
  PicturedServer server{.name = Plain(json.at("name").get<std::string>()),
                        .role = Text(json, "role"),
                        .state = StateOf(json),
                        .upstream = Text(json, "upstream"),
                        .link = LinkOf(json),
                        .sync_state = Text(json, "sync_state"),
                        .candidacy = Text(json, "candidacy"),
                        .version = Text(json, "version"),
                        .depth = DepthOf(json, before),
                        .lag = LagOf(json),
                        .archive = ArchiveOf(json)};
  const Json& trail = Part(json, "lag_trail");
  if (!trail.is_null()) server.trail = trail.at("seconds").get<std::vector<double>>();
  return server;
}

void AddSlots(const Json& json, const std::string& server, std::vector<PicturedSlot>& slots) {
  for (const Json& slot : Part(json, "slots")) {
    slots.push_back({.server = server,
                     .name = Text(slot, "name"),
                     .type = Text(slot, "type"),
                     .wal_status = Text(slot, "wal_status"),
                     .active = Get<bool>(slot, "active").value_or(false),
                     .retained_bytes = Get<double>(slot, "retained_bytes"),
                     .safe_bytes = Get<double>(slot, "safe_bytes")});
  }
}

PicturedCluster ClusterOf(const Json& json) {
  const Json& rpo = Part(Part(json, "rpo"), "standby");
  PicturedCluster cluster{.name = Plain(json.at("name").get<std::string>()),
                          .candidate = Text(json, "failover_candidate"),
                          .primaries = Get<int>(json, "primaries").value_or(0),
                          .expected_primaries = Get<int>(json, "expected_primaries").value_or(0),
                          .rpo_known = Get<bool>(rpo, "known").value_or(false),
                          .rpo_bytes = Get<double>(rpo, "bytes"),
                          .rpo_seconds = Get<double>(rpo, "seconds")};
  for (const Json& server : json.at("servers")) {
    cluster.servers.push_back(ServerOf(server, cluster.servers));
    AddSlots(server, cluster.servers.back().name, cluster.slots);
  }
  for (const Json& concern : Part(json, "concerns")) {
    cluster.concerns.push_back({.critical = Text(concern, "severity") == "critical",
                                .server = Text(concern, "server"),
                                .text = Text(concern, "text")});
  }
  return cluster;
}

}  // namespace

Result<Picture> ReadPicture(std::string_view json) {
  try {
    const Json document = Json::parse(json);
    Picture picture{.at = document.at("at").get<double>()};
    for (const Json& one : document.at("clusters")) picture.clusters.push_back(ClusterOf(one));
    return picture;
  } catch (const Json::exception& error) {
    return Error{"what came is no list of clusters: " + Plain(error.what())};
  }
}

}  // namespace pgrepl::report
