// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace pgrepl::config {
namespace {

constexpr std::size_t kLongestShown = 64;

// Optimal string alignment: three rows of the table are enough.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string_view Nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kLongestShown) return {};
  std::string_view nearest;
  std::size_t fewest = word.size() / 3 + 2;  // one more than may be wrong in a word of this length
  for (const std::string_view candidate : known) {
    const std::size_t distance = EditDistance(word, candidate);
    if (distance < fewest && distance < candidate.size()) {
      fewest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string Unknown(std::string_view kind, std::string_view word,
                    std::span<const std::string_view> known) {
  const std::string_view nearest = Nearest(word, known);
  if (!nearest.empty()) {
    return fmt::format("unknown {} {}; did you mean '{}'?", kind, Quoted(word), nearest);
  }
  return fmt::format("unknown {} {}; known: {}", kind, Quoted(word), fmt::join(known, ", "));
}

std::string Quoted(std::string_view text) {
  const bool may_hold_password =
      text.find_first_of("=@") != text.npos || text.find("://") != text.npos;
  if (may_hold_password) return "(not shown)";
  std::string out = "'";
  for (const char c : text.substr(0, kLongestShown)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  out += text.size() > kLongestShown ? "...'" : "'";
  return out;
}

}  // namespace pgrepl::config
