// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <optional>

#include "exporter/config/nearest.h"

namespace pgrepl::http {
namespace {

constexpr std::size_t kLongestQuery = 2048;

std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned byte = 0;
    const auto [end, problem] = std::from_chars(digits.begin(), digits.end(), byte, 16);
    if (digits.size() != 2 || problem != std::errc{} || end != digits.end()) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

}  // namespace

Result<Parameters> ParseQuery(std::string_view query, std::span<const std::string_view> known) {
  const auto error = [&](const std::string& what) {
    return Error{fmt::format("{}; known: {}", what, fmt::join(known, ", "))};
  };
  if (query.size() > kLongestQuery) return error("the query is too long");
  Parameters parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    bool is_known = false;
    for (const std::string_view one : known) is_known |= one == name;
    if (!is_known) return error("unknown parameter " + config::Quoted(name));
    if (equals == part.npos) return error(fmt::format("parameter {} has no value", name));
    const auto value = Decode(part.substr(equals + 1));
    if (!value) return error(fmt::format("parameter {} has a % without two digits", name));
    if (value->empty()) return error(fmt::format("parameter {} has no value", name));
    if (!parameters.emplace(name, *value).second) {
      return error(fmt::format("parameter {} comes twice", name));
    }
  }
  return parameters;
}

std::string_view Value(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found != parameters.end() ? std::string_view(found->second) : std::string_view();
}

std::string RenderQuery(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += (out.empty() ? "?" : "&") + name + "=";
    for (const char c : value) {
      out += IsPlain(c)
                 ? std::string(1, c)
                 : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace pgrepl::http
