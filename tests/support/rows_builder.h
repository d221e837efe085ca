// Rows without a server: what a statement would have answered, for decoders to read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "exporter/postgres/rows.h"

namespace pgrepl {

/// Usage: RowsBuilder().AddRow({"s1", "t", std::nullopt}).Build(). All rows have the columns of the
/// first.
class RowsBuilder {
 public:
  using Value = std::optional<std::string_view>;  ///< nullopt is NULL

  RowsBuilder();
  RowsBuilder& AddRow(std::span<const Value> values);
  RowsBuilder& AddRow(std::initializer_list<Value> values) {
    return AddRow(std::span(values.begin(), values.size()));
  }
  Rows Build() { return Rows(std::move(result_)); }

 private:
  PgResultPtr result_;
};

inline Rows OneRow(std::initializer_list<RowsBuilder::Value> values) {
  return RowsBuilder().AddRow(values).Build();
}

inline Rows NoRows() { return RowsBuilder().Build(); }

}  // namespace pgrepl
