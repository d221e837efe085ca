// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/url.h"

#include <charconv>

#include "exporter/config/nearest.h"

namespace pgrepl::http {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kSecureScheme = "https://";

std::string_view SchemeOf(std::string_view text) {
  return text.starts_with(kSecureScheme) ? kSecureScheme : kScheme;
}

Error NotAUrl(std::string_view text, const std::string& reason) {
  // Without its scheme, for which Quoted() would hide all of it; a password has an '@' after it.
  const std::string_view scheme = SchemeOf(text);
  const bool has_scheme = text.starts_with(scheme);
  const std::string shown = config::Quoted(has_scheme ? text.substr(scheme.size()) : text);
  return {.message = "URL " + shown + ": " + reason,
          .hint = "Write http://host:port or http://[IPv6 address]:port, or https://."};
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, problem] = std::from_chars(text.begin(), text.end(), port);
  return problem == std::errc{} && end == text.end() && port > 0 && port <= 65535;
}

// Goes into the request as it is.
bool IsPrintable(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace

Result<Url> ParseUrl(std::string_view text) {
  std::string_view rest = text;
  const std::string_view scheme = SchemeOf(text);
  if (!rest.starts_with(scheme)) {
    return NotAUrl(text, "it does not begin with http:// or https://");
  }
  rest.remove_prefix(scheme.size());
  if (!IsPrintable(rest)) return NotAUrl(text, "it has a blank or a character that is not ASCII");
  if (rest.find_first_of("@?#") != rest.npos) return NotAUrl(text, "it has a '@', '?' or '#'");
  const std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view prefix = rest.substr(authority.size());
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  const std::size_t bracket = authority.find(']');
  const bool v6 = authority.starts_with('[') && bracket != authority.npos;
  const std::size_t colon = v6 ? bracket + 1 : authority.find(':');
  const std::string_view host = v6 ? authority.substr(1, bracket - 1) : authority.substr(0, colon);
  const bool has_port = colon < authority.size();
  if (host.empty()) return NotAUrl(text, "it has no host");
  if (has_port && (authority[colon] != ':' || !IsPort(authority.substr(colon + 1)))) {
    return NotAUrl(text, "what follows the host is not a port; an IPv6 address needs brackets");
  }
  return Url{.host = std::string(host),
             .port = has_port                  ? std::string(authority.substr(colon + 1))
                     : scheme == kSecureScheme ? "443"
                                               : "80",
             .authority = std::string(authority),
             .prefix = std::string(prefix)};
}

}  // namespace pgrepl::http
