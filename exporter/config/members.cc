// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/members.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgrepl::config {
namespace {

// As libpq wants a value with blanks or quotes.
std::string QuotedValue(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

Cluster WithMembers(Cluster cluster, const std::vector<Member>& members) {
  if (!cluster.discovery) return cluster;
  std::vector<Server> said = std::exchange(cluster.servers, {});
  for (const Server& server : said) {
    if (!server.conninfo.empty()) cluster.servers.push_back(server);
  }
  for (const Member& member : members) {
    const auto found = std::find_if(said.begin(), said.end(),
                                    [&](const Server& one) { return one.name == member.name; });
    if (found != said.end() && !found->conninfo.empty()) continue;
    Server server = found != said.end() ? *found : cluster.discovery->server;
    server.name = member.name;
    server.conninfo = fmt::format("{} host={} port={}", cluster.discovery->server.conninfo,
                                  QuotedValue(member.host), member.port);
    cluster.servers.push_back(std::move(server));
  }
  return cluster;
}

}  // namespace pgrepl::config
