// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/explain.h"

#include <fmt/format.h>

#include <vector>

#include "exporter/report/advice.h"
#include "exporter/report/evidence.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::string_view kIndent = "  ";

std::string ExplainPrimary(const ClusterView& cluster, const ServerView& server) {
  std::vector<std::string_view> standbys;
  for (const ServerView& one : cluster.servers) {
    if (one.role == Role::kStandby) standbys.emplace_back(one.name);
  }
  const std::string name = Plain(server.name);
  std::string out = fmt::format("{} of {} is a primary ({}): it lags behind nobody.\n", name,
                                Plain(cluster.name), SayState(server));
  if (server.diverged == true) {
    out +=
        "It has WAL that the newest timeline left behind at a failover: stop it, then pg_rewind "
        "or pg_basebackup.\n";
  }
  return out + (standbys.empty() ? "No standby is known in this cluster.\n"
                                 : "Ask for a standby of this cluster: " + List(standbys) + "\n");
}

std::string Headline(const ClusterView& cluster, const ServerView& server) {
  const LagView& lag = *server.lag;
  std::string out = Plain(server.name) + " of " + Plain(cluster.name) + ": ";
  out += lag.known && lag.seconds == 0 ? "no lag" : "lag " + SayLag(lag);
  if (lag.cause != LagCause::kNone) out.append(", ").append(Name(lag.cause));
  if (server.configured && !server.up) out += "; " + SayState(server);
  return out + "\n";
}

// Before all else: what can't be asked is only known as of then.
void AppendDown(const ServerView& server, std::string& out) {
  if (!server.configured || server.up) return;
  std::string text = server.tried ? "It doesn't answer (" + std::string(Name(server.reason)) + "). "
                                  : "It wasn't tried yet. ";
  if (server.tried) text.append(Hint(server.reason));
  if (!server.role) text += " It was never reached, so its role isn't known.";
  AppendWrapped(text, kIndent, out);
}

void AppendAdvice(const ServerView& server, const std::string& upstream, std::string& out) {
  const LagView& lag = *server.lag;
  const std::string name = Plain(server.name);
  Advice advice = AdviceOn(lag.cause, name, upstream);
  if (lag.cause == LagCause::kNone && !lag.known) {
    advice.meaning =
        "Nothing is known that " + name + " has still to replay, but this is no proof.";
  }
  AppendWrapped(advice.meaning, kIndent, out);
  if (!advice.remedy.empty()) AppendWrapped(advice.remedy, "  -> ", out);
}

}  // namespace

std::string Explain(const Chosen& chosen) {
  const auto& [cluster, server] = chosen;
  if (server->role == Role::kPrimary || !server->lag) return ExplainPrimary(*cluster, *server);
  const ServerView* upstream = UpstreamOf(*cluster, *server);
  std::string out = Headline(*cluster, *server) + "\n";
  AppendDown(*server, out);
  AppendAdvice(*server, UpstreamName(*server, upstream), out);
  return out + "\n" + EvidenceText(*server, upstream);
}

}  // namespace pgrepl::report
