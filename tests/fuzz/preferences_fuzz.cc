// Accept and Accept-Encoding, as anyone may send them.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/preferences.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header = fuzz::Text(data, size);
  for (const auto& [name, weight] : http::Preferences(header)) {
    fuzz::Require(!name.empty() && name.find_first_of(",;") == std::string_view::npos, "a name");
    fuzz::Require(weight >= 0 && weight <= 1, "a weight is from 0 to 1");
  }
  return 0;
}
