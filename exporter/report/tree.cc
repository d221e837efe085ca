// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/tree.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace pgrepl::report {
namespace {

class Builder {
 public:
  explicit Builder(const ClusterView& cluster) : cluster_(cluster) {
    for (const ServerView& server : cluster.servers) {
      for (const EdgeView& edge : server.edges) has_upstream_.insert(edge.standby);
    }
  }

  Tree Build() {
    Tree tree;
    for (const ServerView& server : cluster_.servers) {
      if (server.role == Role::kPrimary) tree.roots.push_back(Grow(server, nullptr));
    }
    AddForeign(tree);
    for (const ServerView& server : cluster_.servers) AddUnplaced(server, tree);
    // Whatever is left has an upstream, and none of them a top.
    for (const ServerView& server : cluster_.servers) {
      if (placed_.contains(server.name)) continue;
      tree.unplaced.push_back({Grow(server, nullptr), "its upstreams go round in a circle"});
    }
    return tree;
  }

 private:
  Node Grow(const ServerView& server, const ServerView* upstream) {
    placed_.insert(server.name);
    Node node{.server = &server, .address = {}, .upstream = upstream, .standbys = {}};
    for (const EdgeView& edge : server.edges) {
      const ServerView* standby = Find(edge.standby);
      if (standby == nullptr || placed_.contains(standby->name)) continue;
      node.standbys.push_back(Grow(*standby, &server));
    }
    return node;
  }

  [[nodiscard]] const ServerView* Find(std::string_view name) const {
    const auto found = std::find_if(cluster_.servers.begin(), cluster_.servers.end(),
                                    [&](const ServerView& one) { return one.name == name; });
    return found != cluster_.servers.end() ? &*found : nullptr;
  }

  // Its receiver names an upstream that no configured server is known to be.
  void AddForeign(Tree& tree) {
    for (const ServerView& server : cluster_.servers) {
      if (IsPlaced(server) || server.upstream_address.empty() || IsAmbiguous()) continue;
      const auto at = std::find_if(tree.roots.begin(), tree.roots.end(), [&](const Node& root) {
        return root.address == server.upstream_address;
      });
      Node& root = at != tree.roots.end()
                       ? *at
                       : tree.roots.emplace_back(Node{.address = server.upstream_address});
      root.standbys.push_back(Grow(server, nullptr));
    }
  }

  void AddUnplaced(const ServerView& server, Tree& tree) {
    if (!IsPlaced(server)) tree.unplaced.push_back({Grow(server, nullptr), ReasonOf(server)});
  }

  [[nodiscard]] bool IsPlaced(const ServerView& server) const {
    return placed_.contains(server.name) || has_upstream_.contains(server.name);
  }

  [[nodiscard]] bool IsAmbiguous() const {
    return std::any_of(cluster_.servers.begin(), cluster_.servers.end(),
                       [](const ServerView& one) { return one.ambiguous_senders.value_or(0) > 0; });
  }

  [[nodiscard]] std::string ReasonOf(const ServerView& server) const {
    if (!server.tried) return "not tried yet";
    if (!server.role) return "it was never reached, so its role isn't known";
    if (IsAmbiguous()) return "senders fit several standbys equally well, see below";
    if (server.lag && server.lag->state_hidden) {
      return "to whom it is connected is hidden from the exporter's role: GRANT it pg_monitor";
    }
    const auto* receiver = FactOf<ReceiverFact>(server, CollectorId::kReceiver);
    if (receiver != nullptr && receiver->conninfo_set == false) {
      return "it has no primary_conninfo: WAL comes from an archive, or not at all";
    }
    return "it was not seen connected to any server";
  }

  const ClusterView& cluster_;
  std::set<std::string_view> has_upstream_;
  std::set<std::string_view> placed_;
};

}  // namespace

Tree TreeOf(const ClusterView& cluster) { return Builder(cluster).Build(); }

const ServerView* UpstreamOf(const ClusterView& cluster, const ServerView& standby) {
  for (const ServerView& server : cluster.servers) {
    for (const EdgeView& edge : server.edges) {
      if (edge.standby == standby.name) return &server;
    }
  }
  return nullptr;
}

const Sender* SenderOf(const ServerView* upstream, const ServerView& standby) {
  if (upstream == nullptr) return nullptr;
  for (const SenderView& sender : upstream->senders) {
    if (sender.standby == standby.name) return sender.row;
  }
  return nullptr;
}

}  // namespace pgrepl::report
