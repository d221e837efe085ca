// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/byte_size.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "exporter/config/nearest.h"

namespace pgrepl::config {
namespace {

constexpr std::int64_t kMost = (std::int64_t{1} << 53) - 1;

struct Unit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr Unit kUnits[] = {{"kB", std::int64_t{1} << 10},
                           {"MB", std::int64_t{1} << 20},
                           {"GB", std::int64_t{1} << 30},
                           {"TB", std::int64_t{1} << 40}};

std::optional<std::int64_t> BytesOf(std::string_view unit) {
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.bytes;
  }
  return std::nullopt;
}

}  // namespace

Result<std::int64_t> ParseByteSize(std::string_view text) {
  std::int64_t number = 0;
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  const bool is_number = problem == std::errc{} && number >= 0;
  if (is_number && unit.empty()) {
    return Error{fmt::format("{} has no unit; write {}GB, {}MB or {}TB", text, text, text, text)};
  }
  const std::optional<std::int64_t> bytes = BytesOf(unit);
  const bool too_long_to_hold = problem == std::errc::result_out_of_range && text[0] != '-';
  if (!bytes || !(is_number || too_long_to_hold)) {
    return Error{
        fmt::format("{} is not a size; write one like 500MB, 100GB or 2TB, in units of "
                    "1024 as PostgreSQL's",
                    Quoted(text))};
  }
  if (too_long_to_hold || number == 0 || number > kMost / *bytes) {
    return Error{fmt::format("{} is out of range; write 1kB to 8191TB", Quoted(text))};
  }
  return *bytes * number;
}

}  // namespace pgrepl::config
