// A token bucket for all requests together, full at first. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/base/clock.h"
#include "exporter/base/mutex.h"
#include "exporter/config/web_config.h"

namespace pgrepl::http {

class RateLimiter {
 public:
  /// Whether one more request may be answered. Another limit than before starts anew.
  bool Allow(const config::RateLimit& limit, Time now);

 private:
  Mutex mutex_;
  config::RateLimit limit_ PGREPL_GUARDED_BY(mutex_);
  Time full_at_ PGREPL_GUARDED_BY(mutex_);  ///< when there would be `burst` tokens again
};

}  // namespace pgrepl::http
