// Typed reads of a result. Values arrive as text; NULL is nullopt, and so is text that doesn't
// parse as the type asked for: a server's surprise costs its own sample, never a crash.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/postgres/lsn.h"

struct pg_result;

namespace pgrepl {

/// Text from a server as a label can hold it: at most 256 bytes, and each byte that isn't UTF-8 (a
/// database in SQL_ASCII may hand out any) replaced by `?`.
std::string LabelText(std::string_view text);

struct PgResultDeleter {
  void operator()(pg_result* result) const;
};
using PgResultPtr = std::unique_ptr<pg_result, PgResultDeleter>;

/// One row of Rows, which must outlive it. `column` counts from 0; one past the end reads as NULL.
class Row {
 public:
  Row(const pg_result* result, int row) : result_(result), row_(row) {}

  [[nodiscard]] std::optional<std::string_view> Text(int column) const;
  [[nodiscard]] std::optional<std::int64_t> Integer(int column) const;
  [[nodiscard]] std::optional<double> Number(int column) const;
  [[nodiscard]] std::optional<bool> Bool(int column) const;
  [[nodiscard]] std::optional<Lsn> Position(int column) const;

  /// As LabelText; empty for NULL.
  [[nodiscard]] std::string Name(int column) const;

 private:
  const pg_result* result_;
  int row_;
};

/// Owns the rows of one statement.
class Rows {
 public:
  explicit Rows(PgResultPtr result) : result_(std::move(result)) {}

  [[nodiscard]] int size() const;
  [[nodiscard]] int columns() const;
  [[nodiscard]] Row operator[](int row) const { return {result_.get(), row}; }

 private:
  PgResultPtr result_;
};

}  // namespace pgrepl
