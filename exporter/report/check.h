// `check` and /check: what is wrong, why it matters, what mends it. Text for people, whose first line
// is what Nagios and its kin show; JSON for programs. Pure; docs/check.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/config/config.h"
#include "exporter/report/finding.h"
#include "exporter/report/topology.h"

namespace pgrepl::report {

/// `format` is text or JSON.
std::string Check(const Clusters& clusters, config::CheckFor purpose, config::ReportFormat format);

/// What a report of Check's begins with; kUnknown for what is none.
Severity SeverityOf(std::string_view report);

}  // namespace pgrepl::report
