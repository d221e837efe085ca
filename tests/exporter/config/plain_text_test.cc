// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/plain_text.h"

#include <gtest/gtest.h>

#include <string>

namespace pgrepl::config {
namespace {

TEST(PlainTextTest, TakesAnyUtf8) {
  EXPECT_FALSE(FindNotPlain(""));
  EXPECT_FALSE(FindNotPlain("a\tb\r\n\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x98 \xf4\x8f\xbf\xbf"));
}

TEST(PlainTextTest, CountsLinesAndCharacters) {
  const auto bad = FindNotPlain("one\n\xc3\xa4\xc3\xa4\x01");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->line, 2);
  EXPECT_EQ(bad->column, 3);
}

TEST(PlainTextTest, RefusesWhatIsNotUtf8) {
  for (const char* text : {
           "\x80",              // continuation without a lead
           "\xc3",              // cut off
           "\xc3(",             // lead without continuation
           "\xc0\xaf",          // overlong
           "\xe0\x80\xaf",      // overlong
           "\xed\xa0\x80",      // surrogate
           "\xf4\x90\x80\x80",  // above U+10FFFF
           "\xff",
       }) {
    EXPECT_TRUE(FindNotPlain(text)) << text;
  }
}

TEST(PlainTextTest, RefusesControlCharacters) {
  EXPECT_TRUE(FindNotPlain(std::string(1, '\0')));
  EXPECT_TRUE(FindNotPlain("\x04"));
  EXPECT_TRUE(FindNotPlain("\x7f"));
  EXPECT_TRUE(HasControlCharacter("a\tb"));
  EXPECT_FALSE(HasControlCharacter("p 1 \xc3\xa4"));
}

}  // namespace
}  // namespace pgrepl::config
