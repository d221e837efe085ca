// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/lsn.h"

#include <fmt/format.h>

#include <charconv>

namespace pgrepl {
namespace {

std::optional<std::uint32_t> ParseHalf(std::string_view text) {
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint32_t half = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), half, 16);
  if (error != std::errc() || end != text.end()) return std::nullopt;
  return half;
}

}  // namespace

std::optional<Lsn> Lsn::Parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = ParseHalf(text.substr(0, slash));
  const auto low = ParseHalf(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn{(static_cast<std::uint64_t>(*high) << 32) | *low};
}

std::string Lsn::ToString() const {
  return fmt::format("{:X}/{:X}", bytes >> 32, bytes & 0xffffffff);
}

}  // namespace pgrepl
