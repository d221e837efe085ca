// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/wal_file.h"

#include <gtest/gtest.h>

#include <string>

namespace pgrepl {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;
constexpr std::int64_t kUsual = 16 * kMegabyte;

TEST(WalFileTest, NameTellsTimelineAndPositions) {
  const auto file = WalFile::Parse("0000000A00000016000000B3", kUsual);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->timeline, 10);
  EXPECT_EQ(file->start, Lsn::Parse("16/B3000000"));
  EXPECT_EQ(file->end, Lsn::Parse("16/B4000000"));
}

TEST(WalFileTest, LastSegmentOfAHalfEndsInTheNext) {
  EXPECT_EQ(WalFile::Parse("0000000100000016000000FF", kUsual)->end, Lsn::Parse("17/0"));
}

TEST(WalFileTest, SegmentsHaveOtherSizesToo) {
  EXPECT_EQ(WalFile::Parse("000000010000000100000FFF", kMegabyte)->start, Lsn::Parse("1/FFF00000"));
  EXPECT_EQ(WalFile::Parse("000000010000000100000003", 1024 * kMegabyte)->end, Lsn::Parse("2/0"));
}

TEST(WalFileTest, WhatElseLiesThereIsNoSegment) {
  for (const char* name :
       {"", "00000002.history", "000000010000000000000005.00000028.backup",
        "000000010000000000000004.partial", "00000001000000000000000", "0000000100000000000000011",
        "00000001000000000000000g", "00000001000000000000000a", "+00000010000000000000001",
        "archive_status", "000000010000000000000100"}) {
    EXPECT_FALSE(WalFile::Parse(name, kUsual)) << name;
  }
}

TEST(WalFileTest, SizesThatNoServerHasAreRefused) {
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-16777216}, std::int64_t{16777215},
                                  kMegabyte / 2, 2048 * kMegabyte, INT64_MIN, INT64_MAX}) {
    EXPECT_FALSE(WalFile::Parse("000000010000000000000001", size)) << size;
  }
}

TEST(WalFileTest, TheSegmentThatWouldEndPastTheLastPositionIsNone) {
  EXPECT_TRUE(WalFile::Parse("00000001FFFFFFFF000000FE", kUsual));
  EXPECT_FALSE(WalFile::Parse("00000001FFFFFFFF000000FF", kUsual)) << "its end is no position";
}

}  // namespace
}  // namespace pgrepl
