// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/words.h"

#include <gtest/gtest.h>

namespace pgrepl::report {
namespace {

TEST(WordsTest, Durations) {
  EXPECT_EQ(SayDuration(0), "0 s");
  EXPECT_EQ(SayDuration(0.04), "0.0 s");
  EXPECT_EQ(SayDuration(8.25), "8.2 s");
  EXPECT_EQ(SayDuration(60), "60 s");
  EXPECT_EQ(SayDuration(200.9), "3 min 20 s");
  EXPECT_EQ(SayDuration(5 * 3600 + 199), "5 h 3 min");
  EXPECT_EQ(SayDuration(100 * 3600), "4 d 4 h");
}

TEST(WordsTest, Bytes) {
  EXPECT_EQ(SayBytes(0), "0 bytes");
  EXPECT_EQ(SayBytes(1023), "1023 bytes");
  EXPECT_EQ(SayBytes(1536), "1.5 kB");
  EXPECT_EQ(SayBytes(16.0 * 1024 * 1024), "16.0 MB");
  EXPECT_EQ(SayBytes(5e15), "4547.5 TB");
}

TEST(WordsTest, Links) {
  EXPECT_EQ(SayLink({.connected = true, .streaming = true}), "streaming");
  EXPECT_EQ(SayLink({.connected = true}), "catching up");
  EXPECT_EQ(SayLink({.connected = true, .state_hidden = true}), "connected");
  EXPECT_EQ(SayLink({}), "not connected");
  EXPECT_EQ(SayLink({.source = LagSource::kArchive}), "from archive");
}

TEST(WordsTest, LinesAreWrappedBetweenWordsAndWhereTheTextSays) {
  std::string out;
  AppendWrapped(std::string(60, 'a') + " " + std::string(60, 'b') + "\nc d", "-> ", out);
  EXPECT_EQ(out, "-> " + std::string(60, 'a') + "\n   " + std::string(60, 'b') + "\n   c d\n");
  out.clear();
  AppendWrapped(std::string(200, 'a'), "  ", out);
  EXPECT_EQ(out, "  " + std::string(200, 'a') + "\n");
}

}  // namespace
}  // namespace pgrepl::report
