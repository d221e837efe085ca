// A WAL position: 64 bits, printed and read as PostgreSQL does, "16/B374D848".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pgrepl {

struct Lsn {
  std::uint64_t bytes = 0;  ///< since 0/0; below 2^53 for 9 PB, so exact as a double

  // clang-tidy 14 takes the 0 that it compares with for a pointer.
  auto operator<=>(const Lsn&) const = default;  // NOLINT(modernize-use-nullptr)

  /// Two hexadecimal numbers of 1 to 8 digits around a slash, nothing else.
  static std::optional<Lsn> Parse(std::string_view text);
  [[nodiscard]] std::string ToString() const;
};

/// How many bytes `ahead` is ahead of `behind`; 0 when it isn't (values read apart may cross).
inline double BytesBetween(Lsn behind, Lsn ahead) {
  return ahead > behind ? static_cast<double>(ahead.bytes - behind.bytes) : 0.0;
}

}  // namespace pgrepl
