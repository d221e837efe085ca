// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "exporter/report/findings.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::string_view kGrant = "GRANT pg_monitor TO pgrepl_monitor;";

std::vector<const Collector*> FailedBy(const ServerView& server, RunFailure failure) {
  std::vector<const Collector*> failed;
  for (std::size_t i = 0; i < server.runs.size(); ++i) {
    if (server.runs[i].ran && server.runs[i].failure == failure) {
      failed.push_back(server.collectors[i]);
    }
  }
  return failed;
}

std::string NamesOf(const std::vector<const Collector*>& collectors) {
  std::vector<std::string_view> names;
  for (const Collector* one : collectors) names.push_back(one->name);
  return List(names);
}

// Where a collector needs more than pg_monitor, it says so itself.
std::string GrantsFor(const std::vector<const Collector*>& collectors) {
  std::string text =
      "On the primary, as a superuser (or for the role that the exporter has there):\n" +
      std::string(kGrant);
  for (const Collector* one : collectors) {
    if (!one->grant.empty()) text.append("\n").append(one->grant);
  }
  return text;
}

void AddLacking(const ServerView& server, Findings& findings) {
  const auto failed = FailedBy(server, RunFailure::kInsufficientPrivilege);
  if (failed.empty()) return;
  findings.push_back({Severity::kUnknown, "rights", Plain(server.name),
                      fmt::format("the exporter's role may not see: {}", NamesOf(failed)),
                      "What is hidden can't be checked, and has no series on the page.",
                      GrantsFor(failed)});
}

void AddFailing(const ServerView& server, RunFailure failure, std::string_view mend,
                Findings& findings) {
  const auto failed = FailedBy(server, failure);
  if (failed.empty()) return;
  const auto reason = kRunFailures[static_cast<std::size_t>(failure)];
  findings.push_back({Severity::kUnknown, "collector", Plain(server.name),
                      fmt::format("these failed ({}): {}", reason, NamesOf(failed)),
                      "What they would tell isn't known, and has no series on the page.",
                      std::string(mend)});
}

void AddSuperuser(const ServerView& server, Findings& findings) {
  if (server.superuser != true) return;
  findings.push_back({Severity::kWarning, "superuser", Plain(server.name),
                      "the exporter's role is a superuser",
                      "It needs to be none: who gets hold of its password could do everything.",
                      "By psql on the primary:\n\\i postgresql-ha/sql/monitoring_role.sql\n"
                      "\\password pgrepl_monitor\nand user=pgrepl_monitor in the configuration."});
}

}  // namespace

void AddRights(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    if (!server.configured || !server.up) continue;
    AddLacking(server, findings);
    AddFailing(server, RunFailure::kMissing,
               "The server is patched, or not what its version says; nothing to do if it is "
               "meant to be so.",
               findings);
    AddFailing(server, RunFailure::kTimeout,
               "Is the server overloaded? Its log tells what is slow.", findings);
    AddFailing(server, RunFailure::kOther, "The exporter's log says why, once for each.", findings);
    AddSuperuser(server, findings);
  }
}

}  // namespace pgrepl::report
