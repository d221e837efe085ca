// Whatever the file holds: a configuration, or one line that names it.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/web_config.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = config::ParseWebConfig(std::string(fuzz::Text(data, size)), "/x/web.yml");
  if (!config) {
    const std::string& message = config.error().message;
    fuzz::Require(message.starts_with("/x/web.yml:"), "an error begins with the place");
    fuzz::Require(message.find('\n') == message.npos, "an error is one line");
    return 0;
  }
  for (const auto& [name, value] : config->headers) {
    fuzz::Require(value.find_first_of("\r\n") == value.npos, "a header is one line");
  }
  if (config->tls) {
    fuzz::Require(config->tls->cert.given() && config->tls->key.given(), "TLS has a certificate");
  }
  return 0;
}
