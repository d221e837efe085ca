// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/http/gunzip.h"

namespace pgrepl::http {
namespace {

TEST(GzipTest, IsUsedWhenTheClientAllowsIt) {
  for (const char* header : {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, br", "gzip ; q=0.5",
                             "*", "br;q=1, *;q=0.1", "gzip;q=0.001", "identity;q=0.5, gzip"}) {
    EXPECT_TRUE(AcceptsGzip(header)) << header;
  }
}

TEST(GzipTest, IsNotUsedOtherwise) {
  for (const char* header :
       {"", "identity", "br", "gzip;q=0", "gzip; Q=0.000", "*;q=0", "gzip;q=0, *", "gzipped",
        "gzip;q=x", "gzip;q=", "gzip;q=nan", "identity, gzip;q=0.5", ",;,;q=", "gzip;q=-1"}) {
    EXPECT_FALSE(AcceptsGzip(header)) << header;
  }
}

TEST(GzipTest, UnpacksToTheSame) {
  std::string text;
  for (int i = 0; i < 10000; ++i)
    text += "pgrepl_lag_seconds{server=\"" + std::to_string(i) + "\"} 0\n";
  const auto packed = Gzip(text);
  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->size(), text.size() / 5);
  EXPECT_EQ(Gunzip(*packed), text);
}

TEST(GzipTest, LeavesAloneWhatWouldNotShrink) {
  EXPECT_EQ(Gzip(""), std::nullopt);
  EXPECT_EQ(Gzip("short"), std::nullopt);
  std::string noise;
  unsigned state = 1;
  for (int i = 0; i < 5000; ++i) {
    state = state * 1664525 + 1013904223;
    noise += static_cast<char>(state >> 24U);
  }
  EXPECT_EQ(Gzip(noise), std::nullopt);
}

}  // namespace
}  // namespace pgrepl::http
