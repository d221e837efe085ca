// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/authorization.h"

#include <gtest/gtest.h>

namespace pgrepl::http {
namespace {

std::string Parsed(std::string_view header) {
  const auto credentials = ParseAuthorization(header);
  return credentials ? credentials->user + "|" + credentials->password : "none";
}

TEST(AuthorizationTest, TakesUserAndPassword) {
  EXPECT_EQ(Parsed("Basic cHJvbTpzZWNyZXQ="), "prom|secret");
  EXPECT_EQ(Parsed("basic cHJvbTpzZWNyZXQ="), "prom|secret");
  EXPECT_EQ(Parsed("Basic Og=="), "|");
  EXPECT_EQ(Parsed("Basic YTpiOmM="), "a|b:c");
  EXPECT_EQ(Parsed("Basic w6Q6w7bDnw=="), "\u00e4|\u00f6\u00df");
}

TEST(AuthorizationTest, TakesNothingElse) {
  for (const std::string_view header :
       {"", "Basic", "Basic ", "Bearer cHJvbTpzZWNyZXQ=", "Basic cHJvbTpzZWNyZXQ",
        "Basic =====", "Basic  cHJvbTpzZWNyZXQ=", "Basic cHJvbTpzZWNyZXQ=\n",
        "Basic cHJv=TpzZWNyZXQ", "Basic cHJvbQ==", "Basic cHJvbTpz\u00e4NyZXQ="}) {
    EXPECT_EQ(Parsed(header), "none") << header;
  }
  EXPECT_EQ(Parsed("Basic YTpiAGM="), "none");  // a:b, NUL, c
}

}  // namespace
}  // namespace pgrepl::http
