// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/service.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace pgrepl::service {
namespace {

// The variable stays for later messages. Whoever didn't start us by systemd gets none.
void Notify(const char* state) { sd_notify(/*unset_environment=*/0, state); }

}  // namespace

void Ready() { Notify("READY=1"); }
void Reloading() { Notify("RELOADING=1"); }
void Stopping() { Notify("STOPPING=1"); }
void Alive() { Notify("WATCHDOG=1"); }

std::optional<Duration> WatchdogPatience() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

}  // namespace pgrepl::service
