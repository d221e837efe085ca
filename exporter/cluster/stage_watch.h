// Where the WAL of a lagging standby has waited over the last seconds: before its disk, at its disk,
// for replay. At a single moment the bytes lie anywhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>

#include "collectors/lag.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

/// One look at the way of the WAL.
struct StageSample {
  LagBytes bytes;
  bool sender_waits = false;  ///< it isn't at work: what it sent has to go first
  bool flushing = false;      ///< the receiver has written what it hasn't flushed
};

class StageWatch {
 public:
  void See(Time at, const StageSample& sample);

  /// sender_slow, network, standby_disk or replay_slow: by where most bytes waited. A place gives way
  /// only to one that holds twice as many. nullopt when nothing waited.
  [[nodiscard]] std::optional<LagCause> Slowest() const;

 private:
  enum class Place { kReceived, kFlushed, kReplayed };  ///< what the WAL waits to be
  struct TimedSample : StageSample {
    Time at;
  };

  [[nodiscard]] double Held(Place place) const;
  [[nodiscard]] LagCause WhyNotReceived() const;

  std::deque<TimedSample> samples_;  ///< of the last kWindow
  std::optional<Place> slowest_;
};

}  // namespace pgrepl::cluster
