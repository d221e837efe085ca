// A conninfo of the configuration: taken apart, put together, and never told in an error.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/conninfo.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::Text(data, size));
  auto conninfo = Conninfo::Parse(text);
  if (!conninfo) return 0;
  const std::string redacted = conninfo->Redacted();
  conninfo->Set("password", "another");
  fuzz::Require(conninfo->Redacted() == redacted, "a password is not what logs may show");
  static_cast<void>(conninfo->Address());
  for (const Conninfo& host : conninfo->Hosts()) static_cast<void>(host.Address());
  return 0;
}
