// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/backoff.h"

#include <algorithm>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
constexpr Duration kFirst = 250ms;
constexpr Duration kEager = 60s;
constexpr Duration kEagerCap = 1500ms;
constexpr Duration kCap = 12s;

}  // namespace

Duration Backoff::Next(Time now) {
  if (failures_ == 0) first_failure_ = now;
  const Duration cap = now - first_failure_ < kEager ? kEagerCap : kCap;
  const Duration pause = std::min<Duration>(kFirst * (1 << std::min(failures_, 8)), cap);
  ++failures_;
  const double jitter = std::uniform_real_distribution<double>(0.75, 1.25)(random_);
  return std::chrono::duration_cast<Duration>(pause * jitter);
}

}  // namespace pgrepl
