// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/plain_text.h"

#include <algorithm>
#include <cstdint>

namespace pgrepl::config {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The bytes of the UTF-8 character at the front, 0 where there is none (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
std::size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = lead & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLeast[length] || surrogate || code > 0x10ffff ? 0 : length;
}

}  // namespace

std::optional<TextPosition> FindNotPlain(std::string_view text) {
  TextPosition at{1, 1};
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = CharacterLength(text);
    const bool is_blank = c == '\t' || c == '\n' || c == '\r';
    if (length == 0 || (IsControl(c) && !is_blank)) return at;
    at = c == '\n' ? TextPosition{at.line + 1, 1} : TextPosition{at.line, at.column + 1};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), IsControl);
}

}  // namespace pgrepl::config
