// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace pgrepl::config {
namespace {

// Those of libpq's variables that say which server; PGUSER alone, say, doesn't.
constexpr const char* kServerVariables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"};

std::string Get(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Commas also part the hosts inside one conninfo.
bool StartsWithUri(std::string_view text) {
  text = Trim(text);
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

std::size_t EndOfFirst(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || (text[i] == ',' && StartsWithUri(text.substr(i + 1)))) return i;
  }
  return text.size();
}

std::vector<Server> SplitDataSourceName(std::string_view text) {
  std::vector<Server> servers;
  while (!text.empty()) {
    const std::size_t end = EndOfFirst(text);
    const std::string_view conninfo = Trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (conninfo.empty()) continue;
    Server server;
    server.conninfo = conninfo;
    server.where = fmt::format("DATA_SOURCE_NAME, conninfo {}", servers.size() + 1);
    servers.push_back(std::move(server));
  }
  return servers;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (is_plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15U]};
    }
  }
  return out;
}

Server FromDataSourceUri(const Environment& environment, std::string_view uri) {
  Server server;
  server.password_file = Get(environment, "DATA_SOURCE_PASS_FILE");
  std::string login = PercentEncode(Get(environment, "DATA_SOURCE_USER"));
  const std::string password = Get(environment, "DATA_SOURCE_PASS");
  if (server.password_file.empty() && !password.empty()) login += ':' + PercentEncode(password);
  server.conninfo = fmt::format("postgresql://{}{}{}", login, login.empty() ? "" : "@", uri);
  server.where = "DATA_SOURCE_URI";
  return server;
}

Result<std::vector<Server>> FindServers(const Environment& environment) {
  const std::string names = Get(environment, "DATA_SOURCE_NAME");
  if (!Trim(names).empty()) return SplitDataSourceName(names);

  for (const char* const file : {"DATA_SOURCE_URI_FILE", "DATA_SOURCE_USER_FILE"}) {
    if (Get(environment, file).empty()) continue;
    return Error{
        fmt::format("{} isn't read; only the password can come from a file "
                    "(DATA_SOURCE_PASS_FILE)",
                    file)};
  }
  const std::string uri = Get(environment, "DATA_SOURCE_URI");
  if (!Trim(uri).empty()) return std::vector{FromDataSourceUri(environment, Trim(uri))};

  for (const char* const variable : kServerVariables) {
    if (Get(environment, variable).empty()) continue;
    Server server;
    server.where = variable;
    return std::vector{server};
  }
  return Error{
      "no server to watch: give --config.file=FILE, or set DATA_SOURCE_NAME (for example "
      "'host=10.0.0.1 user=pgrepl_monitor dbname=postgres', one server a line) or PGHOST"};
}

}  // namespace

Result<Config> FromEnvironment(const Environment& environment, const NameOf& name_of) {
  Result<std::vector<Server>> servers = FindServers(environment);
  if (!servers) return servers.error();

  Cluster cluster;
  cluster.name = "default";
  cluster.where = "the environment";
  for (Server& server : *servers) {
    const Result<std::string> name = name_of(server.conninfo);
    if (!name) return Error{fmt::format("{}: {}", server.where, name.error().message)};
    for (const Server& earlier : cluster.servers) {
      if (earlier.name != *name) continue;
      return Error{fmt::format("{}: a second server at {}; name each of them in a config file",
                               server.where, *name)};
    }
    server.name = *name;
    cluster.servers.push_back(std::move(server));
  }
  Config config;
  config.clusters.push_back(std::move(cluster));
  return config;
}

}  // namespace pgrepl::config
