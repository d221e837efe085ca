// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "exporter/report/findings.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// "max_connections 50 (100 on its primary), ..." and the statements that raise them.
void Compare(const SettingsFact& own, const SettingsFact& primary, std::string& what,
             std::string& mend) {
  for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
    if (own.values[i] >= primary.values[i]) continue;
    what += fmt::format("{}{} is {}, on its primary {}", what.empty() ? "" : "; ",
                        kStandbySettings[i], own.values[i], primary.values[i]);
    mend += fmt::format("\nALTER SYSTEM SET {} = {};", kStandbySettings[i], primary.values[i]);
  }
}

}  // namespace

void AddSettings(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    const auto* own = FactOf<SettingsFact>(server, CollectorId::kSettings);
    if (server.role != Role::kStandby || own == nullptr || server.primary_settings == nullptr) {
      continue;
    }
    std::string what;
    std::string mend = fmt::format(
        "On {}, and restart it (don't resume replay, that would shut "
        "it down):",
        Plain(server.name));
    Compare(*own, *server.primary_settings, what, mend);
    if (what.empty()) continue;
    findings.push_back({Severity::kCritical, "settings_too_low", Plain(server.name), what,
                        "Replay stops where the WAL tells of the primary's higher setting: from 14 "
                        "on it pauses there, before it shuts the standby down, and a restart "
                        "before it is raised fails.",
                        mend});
  }
}

}  // namespace pgrepl::report
