// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/query.h"

namespace pgrepl::report {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(StatementsTest, EveryStatementOfEveryCollectorIsThere) {
  const std::string text = StatementsText(CollectorSet());
  EXPECT_THAT(text, HasSubstr("\nSELECT pg_is_in_recovery();\n"));
  for (const Collector* collector : Collectors()) {
    for (const Statement& statement : collector->statements) {
      const std::string_view sql = statement.sql;
      const auto begin = sql.find_first_not_of('\n'), end = sql.find_last_not_of('\n');
      EXPECT_THAT(text, HasSubstr(std::string(sql.substr(begin, end - begin + 1))));
    }
  }
}

TEST(StatementsTest, WithVersionsRolesAndPermissions) {
  const std::string text = StatementsText(CollectorSet());
  EXPECT_THAT(text, HasSubstr("\n-- receiver: 13 and later, standbys\n"));
  EXPECT_THAT(text, HasSubstr("\n-- receiver: 12, standbys\n"));
  EXPECT_THAT(text, HasSubstr("\n-- settings: all versions, primary and standbys\n"));
  EXPECT_THAT(text, HasSubstr("\n-- asked before it, whether the role may:\nSELECT "));
}

TEST(StatementsTest, WhatIsOffIsLeftOutAndQueriesComeInATransaction) {
  CollectorSet collectors;
  collectors.Switch(static_cast<std::size_t>(CollectorId::kSlots), false);
  config::Query query{.name = "mine"};
  query.statements = {{.sql = "SELECT 1 AS one", .max_version = 13}};
  query.metrics = {{.name = "one", .column = "one", .help = "One."}};
  collectors.Add(MakeCollector(query));
  const std::string text = StatementsText(collectors);
  EXPECT_THAT(text, Not(HasSubstr("\n-- slots: ")));
  EXPECT_THAT(text, HasSubstr("\n-- mine: 12 to 13, primary and standbys\n"
                              "-- the configuration's own query\nBEGIN READ ONLY;\nSELECT "));
  EXPECT_THAT(text, EndsWith("SELECT 1 AS one\n) AS query\n LIMIT 101;\nROLLBACK;\n"));
}

}  // namespace
}  // namespace pgrepl::report
