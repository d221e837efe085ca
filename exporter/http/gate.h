// Whom the server answers at all: who has a password where one is asked for, and not too often.
// Before any route, so that a stranger can't even tell which there are. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "exporter/base/clock.h"
#include "exporter/http/passwords.h"
#include "exporter/http/rate_limiter.h"

namespace pgrepl::http {

class Gate {
 public:
  struct Refusal {
    int status = 401;
    std::string headers;  ///< complete lines
  };

  /// Why not, if the request is refused. `authorization` is the header, `address` the client's.
  std::optional<Refusal> Refuse(const config::WebConfig& config, const std::string& authorization,
                                const std::string& address, Time now);

 private:
  RateLimiter limiter_;
  Passwords passwords_;
};

}  // namespace pgrepl::http
