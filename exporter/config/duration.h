// Durations as people write them: a whole number and one unit, "500ms", "60s", "5m", "1h", "2d".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl::config {

/// Bounds, both included.
struct DurationRange {
  Duration least;
  Duration most;
};

/// Errors say what is wrong with `text` and what to write instead.
Result<Duration> ParseDuration(std::string_view text, DurationRange range);

/// In the largest unit that makes it a whole number; rounds down to milliseconds.
std::string FormatDuration(Duration duration);

}  // namespace pgrepl::config
