// Passwords from where they are kept: a file or a command, read anew at each connect.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl {

/// The first line of the file. Errors name the file and the reason, never its text.
Result<std::string> ReadPasswordFile(const std::string& path);

/// The first line that `/bin/sh -c command` prints. It is killed at the deadline; its standard
/// error goes to ours. Errors tell the exit code, never what it printed.
Result<std::string> RunPasswordCommand(const std::string& command, Time deadline);

}  // namespace pgrepl
