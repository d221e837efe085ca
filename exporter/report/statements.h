// Every statement that the exporter would send, for those who must allow it. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collectors/registry.h"

namespace pgrepl::report {

/// SQL with comments: by collector, with versions and role. Those that are off are left out.
std::string StatementsText(const CollectorSet& collectors);

}  // namespace pgrepl::report
