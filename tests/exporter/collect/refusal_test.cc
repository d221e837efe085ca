// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/refusal.h"

#include <gtest/gtest.h>

namespace pgrepl {
namespace {

RunFailure FailureBy(const char* sqlstate) { return FailureOf(Error{"no", sqlstate}); }

TEST(RefusalTest, SqlstateSaysWhyARunFailed) {
  EXPECT_EQ(FailureOf(Ok()), RunFailure::kNone);
  EXPECT_EQ(FailureBy("42501"), RunFailure::kInsufficientPrivilege);
  for (const char* undefined : {"42703", "42883", "42P01"}) {
    EXPECT_EQ(FailureBy(undefined), RunFailure::kMissing) << undefined;
  }
  EXPECT_EQ(FailureBy("57014"), RunFailure::kTimeout);
  EXPECT_EQ(FailureBy("55P03"), RunFailure::kTimeout);
  EXPECT_EQ(FailureBy("58P01"), RunFailure::kOther);
  EXPECT_EQ(FailureBy(""), RunFailure::kOther) << "decode found no sense in it";
}

TEST(RefusalTest, RefusedIsWhatWillBeRefusedAgain) {
  for (const char* sqlstate : {"42501", "42703", "0A000", "58P01"}) {
    EXPECT_TRUE(IsRefusal({"no", sqlstate})) << sqlstate;
  }
  for (const char* sqlstate : {"57014", "55P03", "40001", "26000", ""}) {
    EXPECT_FALSE(IsRefusal({"no", sqlstate})) << sqlstate;
  }
}

TEST(RefusalTest, PermissionNamesItsFunctions) {
  EXPECT_EQ(FunctionsIn("SELECT has_function_privilege(to_regprocedure('a(text)'), 'EXECUTE') AND "
                        "has_function_privilege(to_regprocedure('b()'), 'EXECUTE')"),
            "a(text), b()");
  EXPECT_EQ(FunctionsIn("SELECT true"), "");
  EXPECT_EQ(FunctionsIn("SELECT to_regprocedure('"), "");
}

TEST(RefusalTest, HintsSayWhatToDo) {
  const Collector plain{.name = "plain"};
  const Collector listing{.name = "listing", .cadence = Cadence::kSlow};
  const Collector granted{.name = "granted", .grant = "GRANT it."};
  EXPECT_NE(HintOf(plain, {"no", "42703"}).find("next connection"), std::string::npos);
  EXPECT_NE(HintOf(listing, {"no", "57014"}).find("Tidy up"), std::string::npos);
  EXPECT_EQ(HintOf(plain, {"no", "57014"}), "");
  EXPECT_EQ(HintOf(listing, {"no", "42501"}), "") << "the error knows its GRANT";
  EXPECT_EQ(HintOf(listing, {"no", "42501", "GRANT pg_monitor."}), "GRANT pg_monitor.");
  EXPECT_EQ(HintOf(granted, {"no", "42501", "GRANT pg_monitor."}), "GRANT it.");
}

TEST(RefusalTest, QueryKnowsItsOwnRemedies) {
  const Collector query{
      .name = "query", .cadence = Cadence::kSlow, .is_foreign = true, .hint = [](std::string_view) {
        return std::string_view("its own");
      }};
  EXPECT_EQ(HintOf(query, {"no", "57014"}), "its own");
  EXPECT_EQ(HintOf(query, {"two rows", "", "GROUP BY"}), "GROUP BY");
}

}  // namespace
}  // namespace pgrepl
