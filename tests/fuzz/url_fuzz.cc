// What goes into a request line and a header Host has nothing in it that could end them.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/url.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = http::ParseUrl(fuzz::Text(data, size));
  if (!url) return 0;
  for (const std::string* part : {&url->host, &url->port, &url->authority, &url->prefix}) {
    for (const char c : *part) fuzz::Require(c > ' ' && c <= '~', "only printable characters");
  }
  fuzz::Require(!url->host.empty() && !url->port.empty(), "there is a host and a port");
  fuzz::Require(url->prefix.empty() || url->prefix.starts_with('/'), "a prefix is a path");
  return 0;
}
