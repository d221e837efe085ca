// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <gtest/gtest.h>

namespace pgrepl::log {
namespace {

TEST(LogTest, LogfmtQuotesOnlyWhereNeeded) {
  EXPECT_EQ(Render(Format::kLogfmt, "server is down", {{"server", "s1"}, {"reason", "a \"b\"\n"}}),
            R"(msg="server is down" server=s1 reason="a \"b\"\n")");
}

TEST(LogTest, JsonEscapesControlCharacters) {
  EXPECT_EQ(Render(Format::kJson, "m", {{"k", "\x01\\"}}), R"("msg":"m","k":"\u0001\\")");
}

TEST(LogTest, EmptyValueIsQuoted) {
  EXPECT_EQ(Render(Format::kLogfmt, "m", {{"k", ""}}), R"(msg=m k="")");
}

}  // namespace
}  // namespace pgrepl::log
