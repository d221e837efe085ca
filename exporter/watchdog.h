// Notices that this process no longer does its work, though it runs: its page doesn't answer, or its
// scheduler stands still. A monitor that hangs must end, so that whoever started it starts it anew.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "exporter/base/clock.h"

namespace pgrepl {

/// Called by one thread.
class Watchdog {
 public:
  /// Empty, or what is wrong. May take seconds.
  using Examine = std::function<std::string()>;

  Watchdog(Examine examine, Time now) : examine_(std::move(examine)), well_at_(now) {}

  /// How often to Look: by a third of systemd's patience, if it has any.
  static Duration Interval();

  /// Tells systemd while all is well. False once nothing has been for a minute.
  bool Look(Time now);

 private:
  const Examine examine_;
  Time well_at_;
};

}  // namespace pgrepl
