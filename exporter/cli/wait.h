// The sub-command that waits until a standby is within a lag, for scripts: deployments, switchovers,
// tests. What "within" means is the rule of /standby (exporter/report/routing.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/result.h"
#include "exporter/cli/ask.h"
#include "exporter/cli/glance.h"
#include "exporter/report/routing.h"

namespace pgrepl::cli {

/// How it is now; an Error when that can't be told, and waiting won't help.
using Judge = std::function<Result<report::Verdict>()>;

Judge JudgeByExporter(const config::Command& command, const Get& get);
Judge JudgeByView(const config::Command& command, const View& view);

/// The first yes, or the last no once `command.timeout` is over.
Result<report::Verdict> Wait(const config::Command& command, const Judge& judge);

}  // namespace pgrepl::cli
