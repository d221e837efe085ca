// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/patroni.h"

#include <nlohmann/json.hpp>

#include "exporter/discover/fetch.h"

namespace pgrepl::discover {

Result<Members> ParsePatroniCluster(std::string_view json) {
  const auto cluster = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!cluster.is_object() || !cluster.contains("members") || !cluster["members"].is_array()) {
    return Error{"no list of members, as Patroni's /cluster has"};
  }
  Members members;
  for (const auto& one : cluster["members"]) {
    const bool is_member = one.is_object() && one.contains("name") && one["name"].is_string();
    if (!is_member) return Error{"a member without a name"};
    if (!one.contains("host") || !one["host"].is_string()) continue;
    config::Member member{.name = one["name"], .host = one["host"]};
    if (one.contains("port") && one["port"].is_number_integer()) member.port = one["port"];
    members.push_back(std::move(member));
  }
  return members;
}

Result<Members> FromPatroni(const config::Discovery& discovery) {
  std::string failures;
  for (const std::string& url : discovery.patroni) {
    const Result<std::string> body =
        Fetch(url + "/cluster", {.ca_file = discovery.ca_file, .bearer_token = {}});
    Result<Members> members = body ? ParsePatroniCluster(*body) : body.error();
    if (members) {
      for (config::Member& member : *members) member.port = discovery.port.value_or(member.port);
      return members;
    }
    failures += failures.empty() ? "" : "; ";
    failures +=
        body ? "GET " + url + "/cluster: " + members.error().message : members.error().message;
  }
  return Error{failures};
}

}  // namespace pgrepl::discover
