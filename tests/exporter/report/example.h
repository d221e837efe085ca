// A cluster as the exporter sees it in a bad minute: p; s1 on it, replay paused; s2 cut from it; s3,
// on s2; x, never reached.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/view.h"

namespace pgrepl::report {

inline ServerView StandbyOf(std::string name, double lag, LagCause cause) {
  ServerView view{.name = std::move(name),
                  .tried = true,
                  .up = true,
                  .reason = UpReason::kOk,
                  .role = Role::kStandby,
                  .timeline = 1};
  view.lag = LagView{.seconds = lag,
                     .known = true,
                     .source = LagSource::kHistory,
                     .cause = cause,
                     .caught_up_once = true,
                     .connected = true,
                     .streaming = true};
  view.lag->evidence.replayed = Lsn{0x3000000};
  view.lag->evidence.received = Lsn{0x3000800};
  view.lag->evidence.primary = Lsn{0x3000800};
  view.lag->evidence.sampled_seconds_ago = 0.25;
  view.lag->bytes.replay = view.lag->bytes.total = 2048;
  view.candidacy = Candidacy::kBehind;
  return view;
}

inline SenderView RowOf(const std::string& standby, const std::string& sync_state) {
  auto row = std::make_shared<Sender>();
  row->kind = SenderKind::kStandby;
  row->pid = 4711;
  row->sync_state = sync_state;
  return {.standby = standby, .row = row.get(), .reply_age_seconds = 0, .alive = row};
}

inline ServerView& ServerOf(ClusterView& cluster, std::string_view name) {
  for (ServerView& server : cluster.servers) {
    if (server.name == name) return server;
  }
  throw std::out_of_range(std::string(name));
}

inline ClusterView Example() {
  ClusterView cluster{.name = "main", .servers = {}, .primaries = 1, .expected_primaries = 1};
  ServerView p{.name = "p",
               .tried = true,
               .up = true,
               .reason = UpReason::kOk,
               .role = Role::kPrimary,
               .timeline = 1};
  p.edges = {{"s1", true}, {"s2", false}};
  p.senders.push_back(RowOf("s1", "sync"));
  ServerView s1 = StandbyOf("s1", 8.24, LagCause::kReplayPaused);
  s1.candidacy = Candidacy::kPaused;
  ServerView s2 = StandbyOf("s2", 8, LagCause::kReceiverDown);
  s2.lag->connected = s2.lag->streaming = false;
  s2.candidacy = Candidacy::kBest;
  s2.edges = {{"s3", true}};
  s2.senders.push_back(RowOf("s3", "async"));
  ServerView s3 = StandbyOf("s3", 8.1, LagCause::kUpstreamLagging);
  ServerView x{.name = "x", .tried = true, .reason = UpReason::kRefused, .role = {}};
  x.lag = LagView{.seconds = 30, .bound = LagBound::kAtLeast};
  for (ServerView* server : {&p, &s1, &s2, &s3, &x}) cluster.servers.push_back(std::move(*server));
  cluster.rpo_standby = {.known = true, .bytes = 2048, .seconds = 0.5};
  return cluster;
}

}  // namespace pgrepl::report
