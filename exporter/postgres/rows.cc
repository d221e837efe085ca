// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/rows.h"

#include <libpq-fe.h>

#include <charconv>
#include <cmath>

namespace pgrepl {
namespace {

constexpr std::size_t kNameLimit = 256;

template <typename T>
std::optional<T> ParseNumber(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  T number{};
  const auto [end, error] = std::from_chars(text->begin(), text->end(), number);
  if (error != std::errc() || end != text->end()) return std::nullopt;
  return number;
}

// The byte length of a well-formed UTF-8 character at the start of `text`, 0 when it is not one.
std::size_t Utf8Length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

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
  std::string_view rest = Text(column).value_or(std::string_view());
  std::string name;
  // A database in SQL_ASCII may hand out any bytes; Prometheus takes UTF-8 only.
  while (!rest.empty() && name.size() < kNameLimit) {
    const std::size_t length = Utf8Length(rest);
    name += length == 0 ? std::string_view("?") : rest.substr(0, length);
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  return name;
}

int Rows::size() const { return PQntuples(result_.get()); }
int Rows::columns() const { return PQnfields(result_.get()); }

}  // namespace pgrepl
