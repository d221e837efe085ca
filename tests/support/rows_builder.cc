// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rows_builder.h"

#include <libpq-fe.h>

#include <cassert>
#include <string>
#include <vector>

namespace pgrepl {

RowsBuilder::RowsBuilder() : result_(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK)) {}

RowsBuilder& RowsBuilder::AddRow(std::span<const Value> values) {
  const int row = PQntuples(result_.get());
  const int columns = static_cast<int>(values.size());
  if (row == 0) {
    std::vector<PGresAttDesc> unnamed(values.size());
    PQsetResultAttrs(result_.get(), columns, unnamed.data());
  }
  assert(columns == PQnfields(result_.get()));
  int column = 0;
  for (const Value& value : values) {
    std::string text(value.value_or(""));
    PQsetvalue(result_.get(), row, column++, value ? text.data() : nullptr,
               value ? static_cast<int>(text.size()) : -1);
  }
  return *this;
}

}  // namespace pgrepl
