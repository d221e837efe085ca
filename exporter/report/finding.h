// Something that is wrong, or would be: what, why it matters, and the command that mends it. Text for
// people. How bad: as the exit codes of monitoring plugins have it (Nagios, Icinga).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/view.h"

namespace pgrepl::report {

/// kOk is a note: intended, and worth to know. kUnknown: it can't be told how it is.
enum class Severity { kOk, kWarning, kCritical, kUnknown };
inline constexpr std::string_view kSeverities[] = {"ok", "warning", "critical", "unknown"};

struct Finding {
  Severity severity = Severity::kOk;
  std::string_view id;  ///< a word that stays the same: docs/check.md
  std::string server;   ///< plain; empty: about the cluster
  std::string what;     ///< plain, one line
  std::string why;      ///< what it means
  std::string mend;     ///< lines, commands on their own; empty: nothing to do
};

using Findings = std::vector<Finding>;

}  // namespace pgrepl::report
