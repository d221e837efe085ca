// What is asked on the command line: of the exporter that runs, or of the servers themselves.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/config/config.h"

namespace pgrepl {

/// Prints the answer, or on standard error why there is none; returns the exit code.
int RunSubCommand(const config::Flags& flags, const config::Command& command);

/// Of a command line that isn't understood.
int UsageExitCode(int argc, const char* const* argv);

}  // namespace pgrepl
