// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/rate_limiter.h"

#include <gtest/gtest.h>

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiterTest, AllowsAllWithoutALimit) {
  RateLimiter limiter;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.Allow({}, Time()));
}

TEST(RateLimiterTest, AllowsABurstAndThenOneAnInterval) {
  RateLimiter limiter;
  const config::RateLimit limit{.interval = 1s, .burst = 3};
  const Time begin = Time() + 1h;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.Allow(limit, begin));
  EXPECT_FALSE(limiter.Allow(limit, begin));
  EXPECT_FALSE(limiter.Allow(limit, begin + 999ms));
  EXPECT_TRUE(limiter.Allow(limit, begin + 1s));
  EXPECT_FALSE(limiter.Allow(limit, begin + 1s));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.Allow(limit, begin + 1h));
  EXPECT_FALSE(limiter.Allow(limit, begin + 1h));
}

TEST(RateLimiterTest, AnotherLimitStartsAnew) {
  RateLimiter limiter;
  EXPECT_TRUE(limiter.Allow({.interval = 1h, .burst = 1}, Time()));
  EXPECT_FALSE(limiter.Allow({.interval = 1h, .burst = 1}, Time()));
  EXPECT_TRUE(limiter.Allow({.interval = 1h, .burst = 2}, Time()));
}

}  // namespace
}  // namespace pgrepl::http
