// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/status_page.h"

#include <fmt/format.h>

#include <iterator>

namespace pgrepl::http {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>pg_replication_exporter</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.bad{color:#b00020;font-weight:600}.dim{color:#666}
</style></head><body><h1>pg_replication_exporter</h1>
)";

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view RoleText(const ServerView& server) {
  if (!server.role) return "unknown";
  return *server.role == Role::kPrimary ? "primary" : "standby";
}

std::string LagText(const LagView& lag) {
  const char* prefix = lag.bound == LagBound::kAtLeast  ? "at least "
                       : lag.bound == LagBound::kAtMost ? "at most "
                                                        : "";
  return fmt::format("{}{:.1f} s", lag.known ? "" : prefix, lag.seconds);
}

std::string StateText(const ServerView& server) {
  if (!server.configured) return "seen at its upstream";
  if (server.up) return "up";
  return server.tried ? "down: " + std::string(Name(server.reason)) : "not tried yet";
}

void AppendServer(std::string& out, const ServerView& server) {
  const bool down = server.configured && !server.up;
  const bool late = server.lag && server.lag->seconds > server.lag->threshold;
  fmt::format_to(
      std::back_inserter(out),
      "<tr><td>{}</td><td>{}</td><td{}>{}</td><td class=\"n{}\">{}</td><td{}>{}</td></tr>\n",
      Escape(server.name), RoleText(server), down ? " class=\"bad\"" : "", StateText(server),
      late ? " bad" : "", server.lag ? LagText(*server.lag) : "",
      server.lag && !server.lag->connected ? " class=\"bad\"" : "",
      !server.lag                ? ""
      : server.lag->streaming    ? "streaming"
      : server.lag->state_hidden ? "connected"
      : server.lag->connected    ? "catching up"
                                 : "not connected");
}

void AppendCluster(std::string& out, const ClusterView& cluster) {
  fmt::format_to(
      std::back_inserter(out),
      "<h2>{}</h2>\n<p{}>{} of {} expected primaries seen.</p>\n"
      "<table><tr><th>server</th><th>role</th><th>state</th><th>lag</th>"
      "<th>link</th></tr>\n",
      Escape(cluster.name),
      cluster.primaries == cluster.expected_primaries ? " class=\"dim\"" : " class=\"bad\"",
      cluster.primaries, cluster.expected_primaries);
  for (const ServerView& server : cluster.servers) AppendServer(out, server);
  out += "</table>\n";
}

}  // namespace

std::string StatusPage(const std::vector<ClusterView>& clusters, std::string_view telemetry_path,
                       std::string_view version) {
  std::string out(kHead);
  for (const ClusterView& cluster : clusters) AppendCluster(out, cluster);
  fmt::format_to(std::back_inserter(out),
                 "<p class=\"dim\"><a href=\"{0}\">{0}</a> &middot; <a "
                 "href=\"/-/ready\">/-/ready</a> &middot; "
                 "version {1}</p></body></html>\n",
                 Escape(telemetry_path), Escape(version));
  return out;
}

}  // namespace pgrepl::http
