// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/stage_watch.h"

#include <algorithm>

namespace pgrepl::cluster {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
constexpr double kClearly = 2;

}  // namespace

void StageWatch::See(Time at, const LagBytes& bytes) {
  if (!samples_.empty() && at <= samples_.back().at) return;
  samples_.push_back({at, bytes});
  while (at - samples_.front().at > kWindow) samples_.pop_front();
  // A slow link fills what is not sent: the sender waits for room in its socket. It still sends, and
  // what it sent takes time to be written.
  const bool busy = LinkIsBusy();
  if (slowest_ == LagCause::kNetwork || slowest_ == LagCause::kSenderSlow) {
    slowest_ = busy ? LagCause::kNetwork : LagCause::kSenderSlow;
  }
  for (const LagCause stage : {busy ? LagCause::kNetwork : LagCause::kSenderSlow,
                               LagCause::kStandbyDisk, LagCause::kReplaySlow}) {
    const double least = slowest_ ? kClearly * Held(*slowest_) : 0;
    if (stage != slowest_ && Held(stage) > least) slowest_ = stage;
  }
  if (slowest_ && Held(*slowest_) == 0) slowest_.reset();
}

double StageWatch::Held(LagCause stage) const {
  double held = 0;
  for (const Sample& sample : samples_) {
    const LagBytes& bytes = sample.bytes;
    switch (stage) {
      case LagCause::kSenderSlow:
      case LagCause::kNetwork:
        held += bytes.send.value_or(0) + bytes.write.value_or(0);
        break;
      case LagCause::kStandbyDisk:
        held += bytes.flush.value_or(0);
        break;
      default:
        held += bytes.replay.value_or(0);
    }
  }
  return held;
}

bool StageWatch::LinkIsBusy() const {
  const auto count = [&](auto holds) {
    return std::count_if(samples_.begin(), samples_.end(),
                         [&](const Sample& sample) { return holds(sample.bytes); });
  };
  const auto on_its_way = count([](const LagBytes& bytes) { return bytes.write.value_or(0) > 0; });
  const auto not_written = count(
      [](const LagBytes& bytes) { return bytes.send.value_or(0) + bytes.write.value_or(0) > 0; });
  return 2 * on_its_way > not_written;
}

}  // namespace pgrepl::cluster
