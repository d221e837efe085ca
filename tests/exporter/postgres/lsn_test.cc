// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/lsn.h"

#include <gtest/gtest.h>

namespace pgrepl {
namespace {

TEST(LsnTest, PrintsWhatItRead) {
  for (const char* text : {"0/0", "0/1", "16/B374D848", "FFFFFFFF/FFFFFFFF"}) {
    const auto lsn = Lsn::Parse(text);
    ASSERT_TRUE(lsn) << text;
    EXPECT_EQ(lsn->ToString(), text);
  }
}

TEST(LsnTest, CountsBytesSinceZero) {
  EXPECT_EQ(Lsn::Parse("0/0")->bytes, 0U);
  EXPECT_EQ(Lsn::Parse("1/0")->bytes, 0x100000000U);
  EXPECT_EQ(Lsn::Parse("FFFFFFFF/FFFFFFFF")->bytes, UINT64_MAX);
}

TEST(LsnTest, ReadsBothCasesAndLeadingZeros) {
  EXPECT_EQ(Lsn::Parse("00000016/0b374d84"), Lsn::Parse("16/B374D84"));
}

TEST(LsnTest, RejectsEverythingElse) {
  for (const char* text : {"", "/", "16", "16/", "/16", "1/2/3", "-1/0", "1/-1", "+1/0", " 1/0",
                           "1/0 ", "1 /0", "0x1/0", "G/0", "123456789/0", "0/123456789", "1\\0"}) {
    EXPECT_EQ(Lsn::Parse(text), std::nullopt) << text;
  }
}

TEST(LsnTest, OrdersByPosition) {
  EXPECT_LT(*Lsn::Parse("1/FFFFFFFF"), *Lsn::Parse("2/0"));
  EXPECT_GT(*Lsn::Parse("10/0"), *Lsn::Parse("9/0"));
}

TEST(LsnTest, BytesBetweenIsNeverNegative) {
  const Lsn behind = *Lsn::Parse("1/0");
  const Lsn ahead = *Lsn::Parse("1/10");
  EXPECT_EQ(BytesBetween(behind, ahead), 16);
  EXPECT_EQ(BytesBetween(ahead, behind), 0);
  EXPECT_EQ(BytesBetween(ahead, ahead), 0);
}

TEST(LsnTest, BytesBetweenIsExactBelowTwoToThe53) {
  EXPECT_EQ(BytesBetween(Lsn{1}, Lsn{(1ULL << 53)}), 9007199254740991.0);
}

}  // namespace
}  // namespace pgrepl
