// SPDX-License-Identifier: Apache-2.0
#include "exporter/watchdog.h"

#include <algorithm>

#include "exporter/base/log.h"
#include "exporter/base/service.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Duration kUsual = 10s;
constexpr Duration kLongestIllness = 60s;

}  // namespace

Duration Watchdog::Interval() {
  const auto patience = service::WatchdogPatience();
  return patience ? std::min<Duration>(kUsual, *patience / 3) : kUsual;
}

bool Watchdog::Look(Time now) {
  const std::string wrong = examine_();
  if (wrong.empty()) {
    well_at_ = now;
    service::Alive();
    return true;
  }
  log::Error("the exporter examines itself", {{"error", wrong}});
  return now - well_at_ < kLongestIllness;
}

}  // namespace pgrepl
