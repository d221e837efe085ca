// A cluster in a good minute, to be spoilt by a test: p, and on it s1 and s2, which replay.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/exporter/report/example.h"

namespace pgrepl::report {

/// What a standby says of its replay; "" stands for nothing that is recent.
inline void SetReplay(ServerView& server, const std::string& state) {
  auto fact = std::make_unique<PositionFact>();
  fact->pause_state = state;
  // Views point to facts, which somebody else keeps.
  static std::vector<std::unique_ptr<PositionFact>> kept;
  server.facts[static_cast<std::size_t>(CollectorId::kLag)] = state.empty() ? nullptr : fact.get();
  kept.push_back(std::move(fact));
}

inline ClusterView Routed(std::string_view name = "main") {
  ClusterView cluster{
      .name = std::string(name), .servers = {}, .primaries = 1, .expected_primaries = 1};
  cluster.servers.push_back({.name = "p",
                             .tried = true,
                             .up = true,
                             .reason = UpReason::kOk,
                             .role = Role::kPrimary,
                             .timeline = 1});
  cluster.servers.push_back(StandbyOf("s1", 0, LagCause::kNone));
  cluster.servers.push_back(StandbyOf("s2", 4, LagCause::kNetwork));
  for (ServerView& server : cluster.servers) {
    server.diverged = false;
    if (server.role == Role::kStandby) SetReplay(server, "not paused");
  }
  return cluster;
}

}  // namespace pgrepl::report
