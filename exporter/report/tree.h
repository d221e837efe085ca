// Who receives WAL from whom, as a tree to walk: upstreams first. Pointers reach into the
// ClusterView, which must outlive it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collectors/view.h"

namespace pgrepl::report {

struct Node {
  const ServerView* server = nullptr;  ///< nullptr: an upstream that isn't a configured server
  std::string address;                 ///< of that one
  const ServerView* upstream = nullptr;
  std::vector<Node> standbys;
};

/// Its place isn't known; what is known to be below it comes along.
struct Unplaced {
  Node node;
  std::string reason;
};

struct Tree {
  std::vector<Node> roots;  ///< primaries, then upstreams that aren't configured
  std::vector<Unplaced> unplaced;
};

/// Every server of the view is in it once.
Tree TreeOf(const ClusterView& cluster);

/// The configured server that it receives from, or last did; nullptr when that isn't known.
const ServerView* UpstreamOf(const ClusterView& cluster, const ServerView& standby);

/// The sender that serves a standby at its upstream; nullptr while there is none.
const Sender* SenderOf(const ServerView* upstream, const ServerView& standby);

/// The fact of a collector; nullptr when there is none that is fresh.
template <typename Fact>
const Fact* FactOf(const ServerView& server, CollectorId id) {
  return static_cast<const Fact*>(server.facts[static_cast<std::size_t>(id)]);
}

}  // namespace pgrepl::report
