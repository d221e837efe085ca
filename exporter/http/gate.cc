// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gate.h"

#include "exporter/http/authorization.h"

namespace pgrepl::http {

std::optional<Gate::Refusal> Gate::Refuse(const config::WebConfig& config,
                                          const std::string& authorization,
                                          const std::string& address, Time now) {
  constexpr const char* kLater = "Retry-After: 1\r\n";
  if (!limiter_.Allow(config.rate_limit, now)) return Refusal{.status = 429, .headers = kLater};
  if (config.users.empty()) return std::nullopt;
  const auto credentials = ParseAuthorization(authorization);
  auto verdict = Passwords::Verdict::kWrong;
  if (credentials) verdict = passwords_.Check(config.users, *credentials, address);
  if (verdict == Passwords::Verdict::kRight) return std::nullopt;
  if (verdict == Passwords::Verdict::kBusy) return Refusal{.status = 429, .headers = kLater};
  return Refusal{.status = 401,
                 .headers = "WWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n"};
}

}  // namespace pgrepl::http
