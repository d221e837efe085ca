// What systemd is told of this process, if it started it (sd_notify(3)).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/base/clock.h"

namespace pgrepl::service {

void Ready();
void Reloading();
void Stopping();
void Alive();

/// WatchdogSec: how long it waits for the next Alive(). nullopt: it doesn't.
std::optional<Duration> WatchdogPatience();

}  // namespace pgrepl::service
