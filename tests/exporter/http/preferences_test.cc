// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/preferences.h"

#include <gtest/gtest.h>

#include <string>

namespace pgrepl::http {
namespace {

std::string Read(std::string_view header) {
  std::string out;
  for (const auto& [name, weight] : Preferences(header)) {
    out.append(out.empty() ? "" : " ").append(name) += '=' + std::to_string(weight).substr(0, 4);
  }
  return out;
}

TEST(PreferencesTest, NamesAndWeightsInTheirOrder) {
  EXPECT_EQ(Read("text/plain;version=0.0.4;q=0.5 ,\tapplication/openmetrics-text; Q=0.75,*/*"),
            "text/plain=0.50 application/openmetrics-text=0.75 */*=1.00");
  EXPECT_EQ(Read("gzip;q=inf"), "gzip=1.00");
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read(",;,;q=1, ,"), "");
}

TEST(PreferencesTest, AWeightThatCannotBeReadIsNone) {
  for (const char* header : {"gzip;q=", "gzip;q=x", "gzip;q=1x", "gzip;q=nan", "gzip;q=-1"}) {
    EXPECT_EQ(Read(header), "gzip=0.00") << header;
  }
}

TEST(PreferencesTest, TheGreatestOfAName) {
  const auto preferences = Preferences("a;q=0.2, A;q=0.4, a;q=0.3, b;q=0");
  EXPECT_EQ(WeightOf(preferences, "a"), 0.4);
  EXPECT_EQ(WeightOf(preferences, "b"), 0);
  EXPECT_EQ(WeightOf(preferences, "c"), std::nullopt);
}

}  // namespace
}  // namespace pgrepl::http
