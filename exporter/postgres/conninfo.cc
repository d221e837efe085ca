// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/conninfo.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace pgrepl {
namespace {

struct OptionsDeleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// libpq quotes pieces of the string in its errors, and a piece may be a password's.
std::string WithoutQuoted(std::string_view message) {
  std::string out;
  bool quoted = false;
  for (const char c : message) {
    if (c == '"') {
      out += quoted ? "...\"" : "\"";
      quoted = !quoted;
    } else if (!quoted && c != '\n') {
      out += c;
    }
  }
  return out;
}

std::vector<std::string> SplitByComma(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = text.find(',', begin);
    parts.push_back(text.substr(begin, comma - begin));
    if (comma == std::string::npos) return parts;
    begin = comma + 1;
  }
}

std::string OrEnvironment(std::string value, const char* variable, std::string_view fallback) {
  if (!value.empty()) return value;
  const char* environment = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): never set
  return environment != nullptr && *environment != '\0' ? environment : std::string(fallback);
}

}  // namespace

Result<Conninfo> Conninfo::Parse(const std::string& text) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, OptionsDeleter> options(
      PQconninfoParse(text.c_str(), &message));
  if (!options) {
    const std::string why = message != nullptr ? WithoutQuoted(message) : "out of memory";
    PQfreemem(message);
    return Error{"conninfo is malformed: " + why, "",
                 "Write keyword=value pairs (quote a value with spaces or quotes in '...') or a "
                 "postgresql:// URI (percent-encode special characters)."};
  }
  Conninfo conninfo;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) conninfo.parameters_.emplace_back(option->keyword, option->val);
  }
  return conninfo;
}

std::string Conninfo::Get(std::string_view keyword) const {
  for (const auto& [name, value] : parameters_) {
    if (name == keyword) return value;
  }
  return {};
}

void Conninfo::Set(std::string_view keyword, std::string value) {
  for (auto& [name, old] : parameters_) {
    if (name == keyword) {
      old = std::move(value);
      return;
    }
  }
  parameters_.emplace_back(keyword, std::move(value));
}

std::string Conninfo::Address() const {
  std::string host = Get("host").empty() ? Get("hostaddr") : Get("host");
  host = SplitByComma(OrEnvironment(host, "PGHOST", "localhost")).front();
  const std::string port = SplitByComma(OrEnvironment(Get("port"), "PGPORT", "5432")).front();
  if (host.find(':') != std::string::npos) return "[" + host + "]:" + port;
  return host + ":" + port;
}

std::vector<Conninfo> Conninfo::Hosts() const {
  const auto hosts = SplitByComma(Get("host"));
  const auto addresses = SplitByComma(Get("hostaddr"));
  const auto ports = SplitByComma(Get("port"));
  const std::size_t count = std::max(hosts.size(), addresses.size());
  if (count == 1) return {*this};
  std::vector<Conninfo> out;
  for (std::size_t i = 0; i < count; ++i) {
    Conninfo one = *this;
    if (hosts.size() == count) one.Set("host", hosts[i]);
    if (addresses.size() == count) one.Set("hostaddr", addresses[i]);
    if (ports.size() == count) one.Set("port", ports[i]);
    out.push_back(std::move(one));
  }
  return out;
}

std::string Conninfo::Redacted() const {
  std::string out;
  for (const std::string_view keyword : {"host", "hostaddr", "port", "dbname", "user", "sslmode"}) {
    const std::string value = Get(keyword);
    if (value.empty()) continue;
    // A dbname that is itself a conninfo was expanded or refused by the parser; never print one.
    if (keyword == "dbname" && value.find_first_of("=/") != std::string::npos) continue;
    if (!out.empty()) out += ' ';
    out.append(keyword).append("=").append(value);
  }
  return out;
}

}  // namespace pgrepl
