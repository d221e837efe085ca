// Credentials from a header that anyone may send.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/authorization.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto credentials = http::ParseAuthorization(fuzz::Text(data, size));
  if (!credentials) return 0;
  fuzz::Require(credentials->user.find(':') == std::string::npos, "a user has no colon");
  fuzz::Require((credentials->user + credentials->password).find('\0') == std::string::npos,
                "crypt(3) ends at a NUL");
  return 0;
}
