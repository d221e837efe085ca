// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

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

TEST(GzipTest, UnpacksToTheSameInWhateverPieces) {
  unsigned state = 1;
  const auto random = [&state](unsigned below) {
    state = state * 1664525 + 1013904223;
    return (state >> 8U) % below;
  };
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> pieces(1 + random(40));
    std::string text;
    for (std::string& piece : pieces) {
      // Some of them longer than the window, some of noise that doesn't shrink.
      const bool noise = random(4) == 0;
      const unsigned size = random(10) == 0 ? random(200'000) : random(3000);
      while (piece.size() < size) {
        if (noise) piece += static_cast<char>(random(256));
        if (!noise) piece += "pgrepl_up{server=\"s" + std::to_string(random(100)) + "\"} 1\n";
      }
      text += piece;
    }
    const auto packed = Gzip(std::vector<std::string_view>(pieces.begin(), pieces.end()));
    if (packed) EXPECT_EQ(Gunzip(*packed), text) << round;
    if (text.size() > 1'000'000) EXPECT_TRUE(packed) << round;
  }
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
