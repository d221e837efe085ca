// What a standby's lag and its cause were told by, line by line: a label and what is known of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collectors/view.h"

namespace pgrepl::report {

/// `server` has a lag; `upstream` is nullptr when it isn't configured or not known.
std::string EvidenceText(const ServerView& server, const ServerView* upstream);

/// Its address where it isn't configured; empty when nobody knows.
std::string UpstreamName(const ServerView& server, const ServerView* upstream);

}  // namespace pgrepl::report
