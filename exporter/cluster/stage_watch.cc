// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/stage_watch.h"

#include <algorithm>

namespace pgrepl::cluster {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
constexpr double kClearly = 2;

double Unreceived(const LagBytes& bytes) {
  return bytes.send.value_or(0) + bytes.write.value_or(0);
}

}  // namespace

void StageWatch::See(Time at, const StageSample& sample) {
  if (!samples_.empty() && at <= samples_.back().at) return;
  samples_.push_back({sample, at});
  while (at - samples_.front().at > kWindow) samples_.pop_front();
  for (const Place place : {Place::kReceived, Place::kFlushed, Place::kReplayed}) {
    const double least = slowest_ ? kClearly * Held(*slowest_) : 0;
    if (place != slowest_ && Held(place) > least) slowest_ = place;
  }
  if (slowest_ && Held(*slowest_) == 0) slowest_.reset();
}

std::optional<LagCause> StageWatch::Slowest() const {
  if (!slowest_) return std::nullopt;
  switch (*slowest_) {
    case Place::kReceived:
      return WhyNotReceived();
    case Place::kFlushed:
      return LagCause::kStandbyDisk;
    default:
      return LagCause::kReplaySlow;
  }
}

double StageWatch::Held(Place place) const {
  double held = 0;
  for (const TimedSample& sample : samples_) {
    switch (place) {
      case Place::kReceived:
        held += Unreceived(sample.bytes);
        break;
      case Place::kFlushed:
        held += sample.bytes.flush.value_or(0);
        break;
      case Place::kReplayed:
        held += sample.bytes.replay.value_or(0);
    }
  }
  return held;
}

// A disk or a link that is too slow fills the sockets, and WAL piles up before the sender. While the
// receiver flushes it reads nothing; between reads from a slow link it has nothing to flush.
LagCause StageWatch::WhyNotReceived() const {
  const auto often = [&](auto holds) {
    std::ptrdiff_t all = 0, of_them = 0;
    for (const TimedSample& sample : samples_) {
      if (Unreceived(sample.bytes) <= 0) continue;
      ++all;
      of_them += holds(sample) ? 1 : 0;
    }
    return 2 * of_them > all;
  };
  if (often([](const TimedSample& sample) { return sample.flushing; })) {
    return LagCause::kStandbyDisk;
  }
  const bool waits = often([](const TimedSample& sample) { return sample.sender_waits; });
  return waits ? LagCause::kNetwork : LagCause::kSenderSlow;
}

}  // namespace pgrepl::cluster
