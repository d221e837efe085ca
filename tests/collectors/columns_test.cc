// No statement asks for a column that its decoder doesn't read. That a statement answers the columns of
// expected_types.h, no more and no fewer, statements_pgtest.cc holds on real servers.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <set>

#include "tests/collectors/expected_types.h"
#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace {

std::set<int> columns_read;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

// Stands before libpq's own, and notes what is asked for.
extern "C" char* PQgetvalue(const PGresult* res, int tup_num, int field_num) {
  using Function = char* (*)(const PGresult*, int, int);
  static const auto kOriginal = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "PQgetvalue"));
  columns_read.insert(field_num);
  return kOriginal(res, tup_num, field_num);
}

namespace pgrepl {
namespace {

// One that decoders go on with: what is hidden or missing would end the reading early.
std::string_view ValueOf(std::string_view type) {
  if (type == "bool") return "t";
  if (type == "pg_lsn") return "0/1000000";
  return type == "text" || type == "name" ? "x" : "1";
}

std::set<int> ColumnsRead(CollectorId id, const Types& types) {
  std::vector<RowsBuilder::Value> values;
  for (const std::string& type : types) values.emplace_back(ValueOf(type));
  const Rows rows = RowsBuilder().AddRow(values).Build();
  columns_read.clear();
  EXPECT_TRUE(Decode(id, rows)) << "decodes";
  return columns_read;
}

TEST(ColumnsTest, EachIsReadByItsDecoder) {
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    const auto id = static_cast<CollectorId>(i);
    if (Of(id).statements.empty()) continue;
    for (const Role role : {Role::kPrimary, Role::kStandby}) {
      SCOPED_TRACE(Of(id).name);
      const Types types = ExpectedTypes(id, role);
      ASSERT_FALSE(types.empty()) << "expected_types.h lacks it";
      std::set<int> all;
      for (int column = 0; column < static_cast<int>(types.size()); ++column) all.insert(column);
      EXPECT_THAT(ColumnsRead(id, types), testing::ContainerEq(all));
    }
  }
}

}  // namespace
}  // namespace pgrepl
