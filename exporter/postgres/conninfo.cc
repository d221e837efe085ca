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

constexpr std::string_view kShown[] = {"host", "hostaddr", "port", "dbname", "user", "sslmode"};

// libpq quotes pieces of the string in its errors, and a piece may be a password's, with quotes of
// its own: nothing from the first of them on is repeated.
std::string WithoutPieces(std::string_view message) {
  if (message.starts_with("missing \"=\"")) return "missing = after a keyword";
  message = message.substr(0, message.find_first_of("\"\n"));
  return std::string(message.substr(0, message.find_last_not_of(" :") + 1));
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

// An @ or a / of a password that isn't percent-encoded would move the rest of it into host, port or
// dbname. libpq takes for credentials what stands before an @ that no / precedes.
bool HasStrayAt(std::string_view text) {
  if (!text.starts_with("postgresql://") && !text.starts_with("postgres://")) return false;
  text.remove_prefix(text.find("://") + 3);
  const auto stop = text.find_first_of("@/");
  if (stop != std::string_view::npos && text[stop] == '@') text.remove_prefix(stop + 1);
  return text.substr(0, text.find('?')).find('@') != std::string_view::npos;
}

// Why a value can't be what was meant, empty when it can: what logs, labels and libpq's errors show
// must not hold a password by a slip of the hand.
std::string_view Misplaced(std::string_view keyword, const std::string& value) {
  if (keyword == "password" || keyword == "sslpassword") return "";
  if (value.find("password=") != std::string::npos) return "holds a password; is a space missing?";
  if (std::find(std::begin(kShown), std::end(kShown), keyword) == std::end(kShown)) return "";
  if (value.find('=') != std::string::npos) return "holds a =; is a space missing?";
  if (value.find(keyword == "dbname" ? "/" : "://") != std::string::npos) return "holds a URI";
  if (keyword == "port" && value.find_first_not_of("0123456789, ") != std::string::npos) {
    return "is no number";
  }
  if (keyword != "host" && keyword != "hostaddr") return "";
  const auto hosts = SplitByComma(value);
  const bool stray = std::any_of(hosts.begin(), hosts.end(), [](const std::string& host) {
    return host.find('@', 1) != std::string::npos;  // at the front it is an abstract socket's
  });
  return stray ? "holds an @" : "";
}

Error Malformed(const std::string& why) {
  return Error{"conninfo is malformed: " + why, "",
               "Write keyword=value pairs (quote a value with spaces or quotes in '...') or a "
               "postgresql:// URI (percent-encode special characters)."};
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
    const std::string why = message != nullptr ? WithoutPieces(message) : "out of memory";
    PQfreemem(message);
    return Malformed(why);
  }
  if (HasStrayAt(text)) return Malformed("an @ or a / in the password must be percent-encoded");
  Conninfo conninfo;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view problem = Misplaced(option->keyword, option->val);
    if (!problem.empty()) {
      return Malformed("the value of " + std::string(option->keyword) + " " + std::string(problem));
    }
    conninfo.parameters_.emplace_back(option->keyword, option->val);
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
  for (const std::string_view keyword : kShown) {
    const std::string value = Get(keyword);
    if (value.empty()) continue;
    if (!out.empty()) out += ' ';
    out.append(keyword).append("=").append(value);
  }
  return out;
}

}  // namespace pgrepl
