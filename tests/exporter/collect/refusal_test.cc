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
  EXPECT_TRUE(HintOf({"no", "42703"}, false).find("next connection") != std::string_view::npos);
  EXPECT_TRUE(HintOf({"no", "57014"}, true).find("Tidy up") != std::string_view::npos);
  EXPECT_EQ(HintOf({"no", "57014"}, false), "");
  EXPECT_EQ(HintOf({"no", "42501"}, true), "") << "the collector knows its GRANT";
}

}  // namespace
}  // namespace pgrepl
