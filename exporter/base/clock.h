// The exporter's one clock. All ages, lags and deadlines are differences of it; a server's clock is
// never subtracted from another's (docs/architecture.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <chrono>

namespace pgrepl {

/// CLOCK_BOOTTIME: monotonic, and goes on while the machine is suspended.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec ts{};
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return time_point(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
  }
};

using Time = BootClock::time_point;
using Duration = BootClock::duration;

inline Time Now() { return BootClock::now(); }

inline double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// Rounds to the nearest nanosecond; `seconds` must fit (292 years).
inline Duration FromSeconds(double seconds) {
  return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
}

/// Seconds since the epoch on the wall clock: for _timestamp_seconds families and log lines only.
inline double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace pgrepl
