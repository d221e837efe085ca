// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/glance.h"

#include <algorithm>
#include <thread>

#include "exporter/base/clock.h"
#include "exporter/report/check.h"
#include "exporter/report/explain.h"
#include "exporter/report/topology.h"
#include "exporter/report/words.h"

namespace pgrepl::cli {
namespace {

using namespace std::chrono_literals;

// A server is tried once its first connection has come or failed; what hangs longer than this is
// told as not tried.
constexpr Duration kPatience = 15s;

bool AllTried(const std::vector<ClusterView>& clusters) {
  return std::all_of(clusters.begin(), clusters.end(), [](const ClusterView& cluster) {
    return std::all_of(cluster.servers.begin(), cluster.servers.end(),
                       [](const ServerView& server) { return server.tried; });
  });
}

Result<std::string> Report(const config::Command& command, const std::vector<ClusterView>& now) {
  if (command.kind == config::CommandKind::kExplain) {
    const auto chosen = report::ChooseServer(now, command.cluster, command.server);
    if (!chosen) return chosen.error();
    return report::Explain(*chosen);
  }
  const auto chosen = report::ChooseClusters(now, command.cluster);
  if (!chosen) return chosen.error();
  if (command.kind == config::CommandKind::kCheck) {
    return report::Check(*chosen, command.check_for, command.format);
  }
  return report::Topology(*chosen, command.format);
}

}  // namespace

Result<std::string> Glance(const config::Command& command, const View& view) {
  const auto known = report::ChooseClusters(view(), command.cluster);
  if (!known) return known.error();
  const Time patience_ends = Now() + kPatience;
  while (!AllTried(view()) && Now() < patience_ends) std::this_thread::sleep_for(50ms);
  std::this_thread::sleep_for(command.watch);
  Result<std::string> text = Report(command, view());
  if (text && command.format == config::ReportFormat::kText) {
    *text += "\nWatched for " + report::SayDuration(Seconds(command.watch)) +
             ": a lag that began earlier is a bound.\n";
  }
  return text;
}

}  // namespace pgrepl::cli
