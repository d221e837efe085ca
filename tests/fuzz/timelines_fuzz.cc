// Samples, promotions and questions in any order, as servers that were restored make them.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/timelines.h"

#include <chrono>
#include <cstring>

#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

namespace {

struct Step {
  std::uint8_t kind, timeline, other, after;
  std::uint32_t lsn;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cluster::Timelines timelines(std::chrono::seconds(1));
  Time now{};
  for (; size >= sizeof(Step); data += sizeof(Step), size -= sizeof(Step)) {
    Step step{};
    std::memcpy(&step, data, sizeof(step));
    now += std::chrono::milliseconds(step.after * 100);
    const cluster::TimelineId timeline = step.timeline % 12;
    const cluster::TimelineId other = step.other % 12;
    switch (step.kind % 3) {
      case 0:
        timelines.On(timeline).Append(now, step.lsn, step.other);
        break;
      case 1:
        if (timeline != other) timelines.Fork(timeline, other, step.lsn, now, step.after % 2 == 0);
        break;
      default:
        if (const auto standing = timelines.Measure(timeline, step.lsn, other);
            const auto* crossing = std::get_if<cluster::Crossing>(&standing)) {
          fuzz::Require(crossing->at <= now, "a transaction is not of the future");
        }
    }
  }
  return 0;
}
