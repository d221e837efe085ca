// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/duration.h"

#include <gtest/gtest.h>

namespace pgrepl::config {
namespace {

using namespace std::chrono_literals;

constexpr DurationRange kWide{0s, 365 * 24h};

std::string ErrorOf(std::string_view text, DurationRange range = kWide) {
  const Result<Duration> duration = ParseDuration(text, range);
  return duration ? "" : duration.error().message;
}

TEST(DurationTest, ReadsEachUnit) {
  EXPECT_EQ(*ParseDuration("500ms", kWide), 500ms);
  EXPECT_EQ(*ParseDuration("60s", kWide), 60s);
  EXPECT_EQ(*ParseDuration("5m", kWide), 5min);
  EXPECT_EQ(*ParseDuration("1h", kWide), 1h);
  EXPECT_EQ(*ParseDuration("2d", kWide), 48h);
}

TEST(DurationTest, WantsAUnit) {
  EXPECT_EQ(ErrorOf("60"), "60 has no unit; write 60s, 60ms or 60m");
}

TEST(DurationTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "-1s", "1 s", "1.5s", "1h30m", "60sec", "1S", "+1s", "0x1s"}) {
    EXPECT_NE(ErrorOf(text).find("is not a duration; write one like"), std::string::npos) << text;
  }
}

TEST(DurationTest, BoundsAreIncluded) {
  constexpr DurationRange kPulse{200ms, 5s};
  EXPECT_EQ(ErrorOf("200ms", kPulse), "");
  EXPECT_EQ(ErrorOf("5s", kPulse), "");
  EXPECT_EQ(ErrorOf("199ms", kPulse), "'199ms' is out of range; write 200ms to 5s");
  EXPECT_EQ(ErrorOf("5001ms", kPulse), "'5001ms' is out of range; write 200ms to 5s");
}

TEST(DurationTest, HugeNumbersAreOutOfRangeAndDoNotOverflow) {
  for (const char* text : {"9223372036854775807d", "99999999999999999999999s", "106752d"}) {
    EXPECT_NE(ErrorOf(text).find("is out of range; write 0ms to 365d"), std::string::npos) << text;
  }
}

TEST(DurationTest, FormatsInTheLargestWholeUnit) {
  EXPECT_EQ(FormatDuration(48h), "2d");
  EXPECT_EQ(FormatDuration(90min), "90m");
  EXPECT_EQ(FormatDuration(1500ms), "1500ms");
  EXPECT_EQ(FormatDuration(0s), "0ms");
}

}  // namespace
}  // namespace pgrepl::config
