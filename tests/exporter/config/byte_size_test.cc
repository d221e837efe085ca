// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/byte_size.h"

#include <gtest/gtest.h>

#include <string>

namespace pgrepl::config {
namespace {

std::string ErrorOf(std::string_view text) {
  const Result<std::int64_t> bytes = ParseByteSize(text);
  return bytes ? "" : bytes.error().message;
}

TEST(ByteSizeTest, ReadsEachUnitAsPostgresqlDoes) {
  EXPECT_EQ(*ParseByteSize("8kB"), 8192);
  EXPECT_EQ(*ParseByteSize("16MB"), 16777216);
  EXPECT_EQ(*ParseByteSize("100GB"), 107374182400);
  EXPECT_EQ(*ParseByteSize("2TB"), 2199023255552);
}

TEST(ByteSizeTest, WantsAUnit) {
  EXPECT_EQ(ErrorOf("100"), "100 has no unit; write 100GB, 100MB or 100TB");
}

TEST(ByteSizeTest, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "GB", "-1GB", "1 GB", "1.5GB", "1gb", "1KB", "1GiB", "1G", "+1GB", "0x1GB"}) {
    EXPECT_NE(ErrorOf(text).find("is not a size; write one like 500MB"), std::string::npos) << text;
  }
}

TEST(ByteSizeTest, IsNeitherNothingNorMoreThanASampleHolds) {
  EXPECT_EQ(*ParseByteSize("8191TB"), std::int64_t{8191} << 40);
  for (const char* text : {"0GB", "8192TB", "9223372036854775807kB", "99999999999999999999999MB"}) {
    EXPECT_NE(ErrorOf(text).find("is out of range; write 1kB to 8191TB"), std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace pgrepl::config
