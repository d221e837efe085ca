// synchronous_standby_names, which a server may have set to anything.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/sync_requirement.h"

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SyncRequirement asked = ParseSynchronousStandbyNames(fuzz::Text(data, size));
  const bool asks = asked.method != SyncMethod::kNone;
  fuzz::Require(asks == !asked.names.empty(), "who asks for something names someone");
  fuzz::Require(asks == (asked.number > 0), "and for one at least");
  return 0;
}
