// The sub-commands' words on the command line. What they do: exporter/cli.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/config/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace pgrepl::config {

/// Parsing then fills `command`, and `flags.config_file` where the sub-command is told one. Both
/// must outlive `app`.
void AddCommands(CLI::App& app, Flags& flags, Command& command);

}  // namespace pgrepl::config
