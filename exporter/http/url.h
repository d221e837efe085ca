// The address of an HTTP server, as people write it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace pgrepl::http {

struct Url {
  std::string host;  ///< without brackets
  std::string port;
  std::string authority;  ///< for the Host header: with brackets, the port if it was there
  std::string prefix;     ///< of the path, without a slash at its end; mostly empty
};

/// "http://host:9717", "https://[::1]:9717/behind/a/proxy". No user, no query.
Result<Url> ParseUrl(std::string_view text);

}  // namespace pgrepl::http
