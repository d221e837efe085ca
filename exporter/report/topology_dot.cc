// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <iterator>

#include "exporter/report/topology.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

// Inside a dot string: a backslash begins an escape there.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : Plain(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Drawing {
 public:
  Drawing(std::string_view cluster, std::string& out) : cluster_(Escape(cluster)), out_(out) {}

  void Add(const Node& node) {
    AddNode(node);
    for (const Node& standby : node.standbys) {
      Add(standby);
      AddEdge(node, *standby.server);
    }
  }

 private:
  // Clusters may have servers of one name.
  [[nodiscard]] std::string Id(std::string_view name) const {
    return "\"" + cluster_ + "/" + Escape(name) + "\"";
  }
  [[nodiscard]] std::string IdOf(const Node& node) const {
    return Id(node.server != nullptr ? std::string_view(node.server->name) : node.address);
  }

  void AddNode(const Node& node) {
    if (node.server == nullptr) {
      Append("    {} [label=\"{}\\nnot configured\", style=dashed];\n", IdOf(node),
             Escape(node.address));
      return;
    }
    const ServerView& server = *node.server;
    const bool bad = (server.configured && !server.up) || server.diverged == true;
    Append("    {} [label=\"{}\\n{}, {}{}\"{}];\n", IdOf(node), Escape(server.name),
           SayRole(server), SayState(server), server.diverged == true ? ", diverged" : "",
           bad ? ", color=red" : "");
  }

  void AddEdge(const Node& upstream, const ServerView& standby) {
    const Sender* sender = SenderOf(upstream.server, standby);
    std::string label;
    bool connected = false;
    if (standby.lag) {
      connected = standby.lag->connected;
      label = SayLink(*standby.lag);
      if (sender != nullptr) label += ", " + Escape(sender->sync_state);
      label += "\\n" + SayLag(*standby.lag);
      if (standby.lag->cause != LagCause::kNone) {
        label.append(": ").append(Name(standby.lag->cause));
      }
    }
    Append("    {} -> {} [label=\"{}\"{}];\n", IdOf(upstream), Id(standby.name), label,
           connected ? "" : ", style=dashed, color=red");
  }

  template <typename... Args>
  void Append(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  const std::string cluster_;
  std::string& out_;
};

}  // namespace

std::string TopologyDot(const Clusters& clusters) {
  std::string out = "digraph replication {\n  node [shape=box];\n";
  int number = 0;
  for (const ClusterView* cluster : clusters) {
    fmt::format_to(std::back_inserter(out), "  subgraph cluster_{} {{\n    label=\"{}\";\n",
                   number++, Escape(cluster->name));
    Drawing drawing(cluster->name, out);
    const Tree tree = TreeOf(*cluster);
    for (const Node& root : tree.roots) drawing.Add(root);
    for (const Unplaced& one : tree.unplaced) drawing.Add(one.node);
    out += "  }\n";
  }
  return out + "}\n";
}

}  // namespace pgrepl::report
