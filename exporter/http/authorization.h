// The header Authorization, as HTTP Basic has it (RFC 7617).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgrepl::http {

struct Credentials {
  std::string user;
  std::string password;
};

/// nullopt: of another scheme, not base64, without a colon, or with a NUL, at which crypt(3) would
/// end the password.
std::optional<Credentials> ParseAuthorization(std::string_view header);

}  // namespace pgrepl::http
