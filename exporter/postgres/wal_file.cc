// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/wal_file.h"

#include <bit>
#include <charconv>

namespace pgrepl {
namespace {

constexpr std::size_t kNameLength = 24;
constexpr std::string_view kDigits = "0123456789ABCDEF";         // never lower case in file names
constexpr std::int64_t kSmallest = 1 << 20, kLargest = 1 << 30;  // initdb --wal-segsize

std::uint64_t Hexadecimal(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.begin(), digits.end(), number, 16);
  return number;
}

}  // namespace

std::optional<WalFile> WalFile::Parse(std::string_view name, std::int64_t segment_bytes) {
  if (name.size() != kNameLength) return std::nullopt;
  if (name.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  if (segment_bytes < kSmallest || segment_bytes > kLargest) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(segment_bytes);
  const std::uint64_t number = Hexadecimal(name.substr(16));
  if (!std::has_single_bit(size) || number >= (std::uint64_t{1} << 32) / size) return std::nullopt;
  const Lsn start{(Hexadecimal(name.substr(8, 8)) << 32) + number * size};
  if (start.bytes + size < start.bytes) return std::nullopt;
  return WalFile{.timeline = static_cast<std::int64_t>(Hexadecimal(name.substr(0, 8))),
                 .start = start,
                 .end = Lsn{start.bytes + size}};
}

}  // namespace pgrepl
