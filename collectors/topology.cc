// Who receives WAL from whom: senders matched with receivers by slot, name and address.
// Source: computed in exporter/cluster from the facts of senders and receiver: no statement of its
// own. Privilege: as those.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/topology.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kStandbyLabels[] = {"standby"};

constexpr Family kEdge{.name = "pgrepl_edge",
                       .help =
                           "1 while the standby receives WAL from this server, 0 when it last did "
                           "and is connected to no other.",
                       .labels = kStandbyLabels};
constexpr Family kAmbiguous{.name = "pgrepl_ambiguous_senders",
                            .help =
                                "WAL senders of this server that fit several configured standbys "
                                "equally well and are given to none: give each standby a slot or "
                                "an application_name of its own."};

constexpr const Family* kFamilies[] = {&kEdge, &kAmbiguous};

void Emit(const ServerView& server, Samples& samples) {
  for (const EdgeView& edge : server.edges) {
    samples.Add(kEdge, edge.connected ? 1 : 0, {edge.standby});
  }
  if (server.ambiguous_senders) samples.Add(kAmbiguous, *server.ambiguous_senders);
}

}  // namespace

extern const Collector kTopology;
constexpr Collector kTopology{.name = "topology",
                              .help = "who receives WAL from whom",
                              .families = kFamilies,
                              .emit = EmitView<Emit>};

}  // namespace pgrepl
