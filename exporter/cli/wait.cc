// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/wait.h"

#include <algorithm>
#include <thread>

#include "exporter/base/clock.h"
#include "exporter/config/duration.h"
#include "exporter/report/choose.h"

namespace pgrepl::cli {
namespace {

using namespace std::chrono_literals;

// A pulse is every second; the exporter answers from memory.
constexpr Duration kBetween = 200ms;

std::string FirstLine(const Answer& answer) {
  return PlainLines(answer.body.substr(0, answer.body.find('\n')));
}

}  // namespace

Judge JudgeByExporter(const config::Command& command, const Get& get) {
  const std::string url = UrlOf(command);
  const Parameters parameters = {{"server", command.server},
                                 {"cluster", command.cluster},
                                 {"max_lag", config::FormatDuration(command.max_lag)}};
  return [url, parameters, get]() -> Result<report::Verdict> {
    const Result<Answer> answer = get(url, "/standby", parameters);
    if (!answer) return Unreachable(answer.error());
    const bool text = answer->content_type == "text/plain" && answer->body != "Not Found\n";
    if (text && (answer->status == 200 || answer->status == 503)) {
      return report::Verdict{answer->status == 200, FirstLine(*answer)};
    }
    if (text && (answer->status == 400 || answer->status == 404)) return Error{FirstLine(*answer)};
    return Stranger(url, *answer);
  };
}

Judge JudgeByView(const config::Command& command, const View& view) {
  return [command, view]() -> Result<report::Verdict> {
    const std::vector<ClusterView> clusters = view();
    const auto chosen = report::ChooseServer(clusters, command.cluster, command.server);
    if (!chosen) return chosen.error();
    return report::IsFreshStandby(*chosen->cluster, *chosen->server, command.max_lag);
  };
}

Result<report::Verdict> Wait(const config::Command& command, const Judge& judge) {
  const Time end = Now() + command.timeout;
  while (true) {
    Result<report::Verdict> verdict = judge();
    const Time now = Now();
    if (!verdict || verdict->yes || now >= end) return verdict;
    std::this_thread::sleep_for(std::min<Duration>(kBetween, end - now));
  }
}

}  // namespace pgrepl::cli
