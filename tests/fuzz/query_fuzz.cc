// A query string is read as it would be written.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/query.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kKnown[] = {"server", "cluster", "max_lag"};
  const auto parsed = http::ParseQuery(fuzz::Text(data, size), kKnown);
  if (!parsed || parsed->empty()) return 0;
  const std::string written = http::RenderQuery(*parsed);
  fuzz::Require(written.starts_with('?'), "what has parameters begins with '?'");
  const auto again = http::ParseQuery(std::string_view(written).substr(1), kKnown);
  // Written with %XX it may be longer than a query may be.
  fuzz::Require(again ? *again == *parsed : written.size() > 2048, "what is written is read");
  return 0;
}
