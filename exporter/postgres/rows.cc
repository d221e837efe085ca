// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/rows.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace pgrepl {
namespace {

constexpr std::size_t kLabelLimit = 256;

template <typename T>
std::optional<T> ParseNumber(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  T number{};
  const auto [end, error] = std::from_chars(text->begin(), text->end(), number);
  if (error != std::errc() || end != text->end()) return std::nullopt;
  return number;
}

// The byte length of a well-formed UTF-8 character at the start of `text`, 0 when it is none. One
// that Prometheus finds overlong, a surrogate or beyond U+10FFFF costs the whole page.
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  const unsigned char lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::string LabelText(std::string_view text) {
  std::string label;
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    const std::string_view next = length == 0 ? "?" : text.substr(0, length);
    if (label.size() + next.size() > kLabelLimit) break;
    label += next;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return label;
}

void PgResultDeleter::operator()(pg_result* result) const { PQclear(result); }

std::optional<std::string_view> Row::Text(int column) const {
  if (column >= PQnfields(result_) || PQgetisnull(result_, row_, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result_, row_, column),
                          static_cast<std::size_t>(PQgetlength(result_, row_, column)));
}

std::optional<std::int64_t> Row::Integer(int column) const {
  return ParseNumber<std::int64_t>(Text(column));
}

std::optional<double> Row::Number(int column) const {
  const auto number = ParseNumber<double>(Text(column));
  if (number && !std::isfinite(*number)) return std::nullopt;
  return number;
}

std::optional<bool> Row::Bool(int column) const {
  const auto text = Text(column);
  if (!text || (*text != "t" && *text != "f")) return std::nullopt;
  return *text == "t";
}

std::optional<Lsn> Row::Position(int column) const {
  const auto text = Text(column);
  return text ? Lsn::Parse(*text) : std::nullopt;
}

std::string Row::Name(int column) const {
  return LabelText(Text(column).value_or(std::string_view()));
}

int Rows::size() const { return PQntuples(result_.get()); }
int Rows::columns() const { return PQnfields(result_.get()); }

}  // namespace pgrepl
