// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/clusters.h"

#include <cmath>
#include <utility>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "exporter/report/cluster_json.h"
#include "exporter/report/concerns.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr int kApiVersion = 1;

Json SlotsJson(const ServerView& server) {
  const auto* fact = FactOf<SlotsFact>(server, CollectorId::kSlots);
  if (fact == nullptr) return {};
  Json slots = Json::array();
  for (const Slot& slot : fact->slots) {
    slots.push_back({{"name", slot.name},
                     {"type", slot.type},
                     {"active", slot.active},
                     {"wal_status", TextOrNull(slot.wal_status)},
                     {"retained_bytes", BytesOrNull(slot.retained_bytes)},
                     {"safe_bytes", BytesOrNull(slot.safe_bytes)}});
  }
  return slots;
}

Json ArchiveJson(const ServerView& server) {
  const auto* fact = FactOf<ArchiveFact>(server, CollectorId::kArchive);
  if (fact == nullptr) return {};
  return {{"enabled", fact->enabled},
          {"failing", fact->failing},
          {"last_success", OrNull(fact->last_success)},
          {"unarchived_seconds", OrNull(server.unarchived_seconds)}};
}

// In tenths of a second: more is noise, and takes room.
Json TrailJson(const ServerView& server) {
  if (!server.lag_trail) return {};
  Json seconds = Json::array();
  for (const float lag : *server.lag_trail) {
    seconds.push_back(std::round(static_cast<double>(lag) * 10) / 10);
  }
  return {{"step_seconds", Seconds(kLagTrailStep)}, {"seconds", std::move(seconds)}};
}

void AddToServer(const ServerView& server, Json& json) {
  json["version"] = TextOrNull(server.version);
  json["address"] = TextOrNull(server.address);
  const bool down = server.configured && server.tried && !server.up;
  json["hint"] = down ? TextOrNull(Hint(server.reason)) : Json();
  json["candidacy"] =
      server.candidacy ? Json(kCandidacies[static_cast<std::size_t>(*server.candidacy)]) : Json();
  json["slots"] = SlotsJson(server);
  json["archive"] = ArchiveJson(server);
  json["lag_trail"] = TrailJson(server);
}

Json ConcernsJson(const ClusterView& cluster) {
  Json concerns = Json::array();
  for (const Concern& one : ConcernsOf(cluster)) {
    concerns.push_back({{"severity", one.critical ? "critical" : "warning"},
                        {"server", TextOrNull(one.server)},
                        {"text", one.text}});
  }
  return concerns;
}

Json WholeClusterJson(const ClusterView& cluster) {
  Json json = ClusterJson(cluster);
  json["expected_standbys"] = cluster.expected_standbys;
  json["concerns"] = ConcernsJson(cluster);
  for (Json& one : json["servers"]) {
    for (const ServerView& server : cluster.servers) {
      if (one["name"] == server.name) AddToServer(server, one);
    }
  }
  return json;
}

}  // namespace

std::string ClustersJson(const Clusters& clusters, std::string_view version, double at) {
  Json list = Json::array();
  for (const ClusterView* cluster : clusters) list.push_back(WholeClusterJson(*cluster));
  return Dump({{"api_version", kApiVersion},
               {"exporter_version", version},
               {"at", at},
               {"clusters", std::move(list)}},
              -1);
}

}  // namespace pgrepl::report
