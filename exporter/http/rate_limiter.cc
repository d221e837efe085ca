// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/rate_limiter.h"

#include <algorithm>

namespace pgrepl::http {

bool RateLimiter::Allow(const config::RateLimit& limit, Time now) {
  if (limit.interval.count() == 0) return true;
  const MutexLock lock(mutex_);
  if (limit != limit_) {
    limit_ = limit;
    full_at_ = now;
  }
  // A token taken makes the bucket full one interval later; it is empty when that is `burst` away.
  const Time full_then = std::max(full_at_, now) + limit.interval;
  if (full_then - now > limit.interval * limit.burst) return false;
  full_at_ = full_then;
  return true;
}

}  // namespace pgrepl::http
