// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "exporter/report/topology.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;
const Row kHead = {"SERVER", "ROLE", "STATE", "LINK", "SYNC", "LAG", "CAUSE"};

// In characters: names may hold others than ASCII.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Table(const std::vector<Row>& rows) {
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < kColumns; ++i) {
      line += " " + row[i] + std::string(widths[i] - Width(row[i]) + 1, ' ');
    }
    out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

Row RowOf(const Node& node, const std::string& indent) {
  if (node.server == nullptr) {
    return {indent + Plain(node.address), "unknown", "not configured", "", "", "", ""};
  }
  const ServerView& server = *node.server;
  Row row{indent + Plain(server.name), std::string(SayRole(server)), SayState(server)};
  if (server.diverged == true) row[2] += ", diverged";
  const Sender* sender = SenderOf(node.upstream, server);
  if (sender != nullptr) row[4] = Plain(sender->sync_state);
  if (!server.lag || server.role != Role::kStandby) return row;
  row[3] = SayLink(*server.lag);
  row[5] = SayLag(*server.lag);
  if (server.lag->cause != LagCause::kNone) row[6] = Name(server.lag->cause);
  return row;
}

// `left` is what stands before the branches of the servers below it.
void AddRows(const Node& node, const std::string& branch, const std::string& left,
             std::vector<Row>& rows) {
  rows.push_back(RowOf(node, left + branch));
  const std::string below = left + (branch.empty() ? "" : branch == "|- " ? "|  " : "   ");
  for (const Node& standby : node.standbys) {
    AddRows(standby, &standby == &node.standbys.back() ? "`- " : "|- ", below, rows);
  }
}

void AppendUnplaced(const Tree& tree, std::string& out) {
  if (tree.unplaced.empty()) return;
  out += tree.roots.empty() ? "" : "\n";
  out += "  Their place is not known:\n";
  std::vector<Row> rows = {kHead};
  for (const Unplaced& one : tree.unplaced) AddRows(one.node, "", "", rows);
  out += Table(rows);
  for (const Unplaced& one : tree.unplaced) {
    out += "  " + Plain(one.node.server->name) + ": " + one.reason + "\n";
  }
}

void AppendAmbiguous(const ClusterView& cluster, std::string& out) {
  for (const ServerView& server : cluster.servers) {
    const int count = server.ambiguous_senders.value_or(0);
    if (count == 0) continue;
    fmt::format_to(std::back_inserter(out),
                   "  {} sender{} of {} fit{} several standbys: give each standby a slot or an "
                   "application_name of its own.\n",
                   count, count == 1 ? "" : "s", Plain(server.name), count == 1 ? "s" : "");
  }
}

std::string SayRpo(const RpoView& rpo) {
  if (!rpo.bytes) return "unknown: no standby is known to have any WAL";
  const std::string loss =
      fmt::format("{}, {}", SayBytes(*rpo.bytes), SayDuration(rpo.seconds.value_or(0)));
  if (!rpo.known) return "at least " + loss + " (last known)";
  return *rpo.bytes == 0 ? "nothing" : loss;
}

// A synchronous standby, or one of the primary itself, goes before one with little more WAL.
std::string SayMerit(const ClusterView& cluster, const ServerView& best) {
  const Sender* sender = SenderOf(UpstreamOf(cluster, best), best);
  const bool synchronous =
      sender != nullptr && (sender->sync_state == "sync" || sender->sync_state == "quorum");
  const ServerView* most = &best;
  const auto received = [](const ServerView& server) {
    return server.lag ? server.lag->evidence.received : std::nullopt;
  };
  for (const ServerView& server : cluster.servers) {
    if (server.candidacy == Candidacy::kBehind && received(server) > received(*most)) {
      most = &server;
    }
  }
  std::string out = synchronous ? "synchronous, " : "";
  if (most == &best || !received(best)) return out + "has most WAL";
  const double less = BytesBetween(*received(best), *received(*most));
  return out + fmt::format("has {} less WAL than {}", SayBytes(less), Plain(most->name));
}

std::string SayCandidate(const ClusterView& cluster) {
  const ServerView* best = CandidateOf(cluster);
  std::string out = best != nullptr
                        ? fmt::format("{} ({})", Plain(best->name), SayMerit(cluster, *best))
                        : "nobody";
  std::vector<std::string> others;
  for (const ServerView& server : cluster.servers) {
    if (!server.candidacy || server.role != Role::kStandby) continue;
    if (*server.candidacy == Candidacy::kBest || *server.candidacy == Candidacy::kBehind) continue;
    others.push_back(fmt::format("{} ({})", server.name,
                                 kCandidacies[static_cast<std::size_t>(*server.candidacy)]));
  }
  return out + (others.empty() ? "" : "; not " + List(others));
}

std::string SayPrimaries(int seen, int expected) {
  if (seen == 0) return fmt::format("NO PRIMARY is seen, {} expected.", expected);
  return fmt::format("{} PRIMAR{} seen, {} expected{}", seen, seen == 1 ? "Y is" : "IES are",
                     expected, seen > 1 ? ": a split brain?" : ".");
}

std::string ClusterText(const ClusterView& cluster) {
  const Tree tree = TreeOf(cluster);
  std::string out = Plain(cluster.name) + "\n";
  if (cluster.primaries != cluster.expected_primaries) {
    out += "  " + SayPrimaries(cluster.primaries, cluster.expected_primaries) + "\n";
  }
  std::vector<Row> rows = {kHead};
  for (const Node& root : tree.roots) AddRows(root, "", "", rows);
  if (!tree.roots.empty()) out += Table(rows);
  AppendUnplaced(tree, out);
  out += "\n";
  AppendAmbiguous(cluster, out);
  out += "  Lost if the primary died now: " + SayRpo(cluster.rpo_standby) + "\n";
  out += "  A failover should choose: " + SayCandidate(cluster) + "\n";
  return out;
}

}  // namespace

std::string TopologyText(const Clusters& clusters) {
  std::string out;
  for (const ClusterView* cluster : clusters) {
    if (!out.empty()) out += "\n";
    out += ClusterText(*cluster);
  }
  return out;
}

}  // namespace pgrepl::report
