// The command line, spelled the way Prometheus exporters spell it: --flag=value or --flag value.
// No environment variable is read here. Called once, before other threads exist.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace pgrepl::config {

struct CommandLine {
  Flags flags;
  Command command;
  std::string printout;  ///< of --help or --version: print it, exit 0; else empty
};

/// Exit code of a command line that can't be understood; 1 is for all that fails later.
inline constexpr int kUsageExitCode = 2;

/// Of a flag that comes twice the last one counts. Errors are one line.
Result<CommandLine> ParseCommandLine(int argc, const char* const* argv, std::string_view version,
                                     std::span<const std::string_view> collector_names);

}  // namespace pgrepl::config
