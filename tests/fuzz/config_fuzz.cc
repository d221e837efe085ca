// Whatever the file holds: a configuration, or one line that names it.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/registry.h"
#include "exporter/config/load.h"
#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config =
      config::Parse(std::string(fuzz::Text(data, size)), "/x/config.yml", CollectorNames());
  if (config) return 0;
  const std::string& message = config.error().message;
  fuzz::Require(message.starts_with("/x/config.yml:"), "an error begins with the place");
  fuzz::Require(message.find('\n') == message.npos, "an error is one line");
  return 0;
}
