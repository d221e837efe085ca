// Where the WAL of a lagging standby has waited over the last seconds: not sent, not written, not
// flushed, not replayed. At a single moment the bytes lie anywhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>

#include "collectors/lag.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

class StageWatch {
 public:
  void See(Time at, const LagBytes& bytes);

  /// sender_slow, network, standby_disk or replay_slow: the stage that held most bytes. It gives way
  /// only to one that holds twice as many. nullopt when nothing waited.
  [[nodiscard]] std::optional<LagCause> Slowest() const { return slowest_; }

 private:
  struct Sample {
    Time at;
    LagBytes bytes;
  };

  [[nodiscard]] double Held(LagCause stage) const;
  [[nodiscard]] bool LinkIsBusy() const;

  std::deque<Sample> samples_;  ///< of the last kWindow
  std::optional<LagCause> slowest_;
};

}  // namespace pgrepl::cluster
