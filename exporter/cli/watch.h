// The sub-command that shows a live picture in a terminal; where nobody looks, lines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "exporter/base/result.h"
#include "exporter/cli/ask.h"
#include "exporter/cli/glance.h"
#include "exporter/terminal/terminal.h"

namespace pgrepl::cli {

/// The document of /api/v1/clusters, as of now.
using Document = std::function<Result<std::string>()>;

Document DocumentOfExporter(const config::Command& command, const Get& get);
Document DocumentOfView(const config::Command& command, const View& view);

/// Where lines go; false: nobody reads them any more.
using Write = std::function<bool(const std::string& lines)>;

/// Until nobody reads; an Error if the first document can't be had.
Status WatchAsLines(const config::Command& command, const Document& document, const Write& write);

/// Until q. A document that can't be had later is told on the picture, which stays.
Status WatchOnTerminal(const config::Command& command, const Document& document,
                       terminal::Terminal& terminal);

}  // namespace pgrepl::cli
