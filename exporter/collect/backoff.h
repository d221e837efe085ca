// When to try a server again: at once, then with growing, jittered pauses. In the first minute they
// stay below 2 s, so that a restarted server is seen at once; later below 15 s.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include "exporter/base/clock.h"

namespace pgrepl {

class Backoff {
 public:
  explicit Backoff(std::uint32_t seed) : random_(seed) {}

  /// The pause after a failure at `now`.
  Duration Next(Time now);
  void Reset() { failures_ = 0; }

 private:
  std::minstd_rand random_;
  int failures_ = 0;
  Time first_failure_{};
};

}  // namespace pgrepl
