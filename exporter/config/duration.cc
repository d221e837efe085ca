// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/duration.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <optional>

#include "exporter/config/nearest.h"

namespace pgrepl::config {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr Unit kUnits[] = {{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}};

std::optional<Duration> LengthOf(std::string_view unit) {
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.length;
  }
  return std::nullopt;
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text, DurationRange range) {
  Duration::rep number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  const bool is_number = problem == std::errc{} && number >= 0;
  if (is_number && unit.empty()) {
    return Error{fmt::format("{} has no unit; write {}s, {}ms or {}m", text, text, text, text)};
  }
  const std::optional<Duration> length = LengthOf(unit);
  const bool too_long_to_hold = problem == std::errc::result_out_of_range && text[0] != '-';
  if (!length || !(is_number || too_long_to_hold)) {
    return Error{
        fmt::format("{} is not a duration; write one like 500ms, 60s, 5m, 1h or 2d", Quoted(text))};
  }
  // Compared as numbers of units, so that nothing overflows.
  if (too_long_to_hold || number > range.most / *length || *length * number < range.least) {
    return Error{fmt::format("{} is out of range; write {} to {}", Quoted(text),
                             FormatDuration(range.least), FormatDuration(range.most))};
  }
  return *length * number;
}

std::string FormatDuration(Duration duration) {
  for (const Unit& unit : kUnits) {
    if (duration >= unit.length && duration % unit.length == 0ns) {
      return fmt::format("{}{}", duration / unit.length, unit.name);
    }
  }
  return fmt::format("{}ms", duration / 1ms);
}

}  // namespace pgrepl::config
