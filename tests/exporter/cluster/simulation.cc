// SPDX-License-Identifier: Apache-2.0
#include "tests/exporter/cluster/simulation.h"

#include <algorithm>
#include <utility>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTick = 50ms;
constexpr std::size_t kTicksPerScrape = 5;
constexpr std::size_t kTicksPerPulse = 20;
constexpr std::size_t kPhase = 7;  // of pulses, so that nothing happens just at one
constexpr Duration kDeadline = 3s;
constexpr Duration kReplies = 10s;     // wal_receiver_status_interval
constexpr Duration kKeepalives = 30s;  // half wal_receiver_timeout

const std::vector<std::string> kNames = {"p", "s1", "s2", "s3"};

// A record is like no other, and so is all that comes before it.
bool StartsWith(const std::vector<WalRecord>& wal, const std::vector<WalRecord>& prefix) {
  return prefix.size() <= wal.size() && wal[prefix.size() - 1] == prefix.back();
}

std::string HostOf(const std::string& name) { return "host-of-" + name; }

}  // namespace

SimulatedCluster::SimulatedCluster(Order order)
    : order_(order), exporter_(OptionsFor(kNames)), silent_since_(kNames.size()) {
  const std::vector<WalRecord> wal = {{.end = 1000, .at = exporter_.now, .commit = true}};
  for (const std::string& name : kNames) {
    servers_.push_back({.name = name, .upstream = "p", .wal = wal, .replayed = 1});
  }
  Server("p").upstream = "";
  Server("s3").upstream = "s2";
}

SimulatedServer& SimulatedCluster::Server(const std::string& name) {
  return *std::find_if(servers_.begin(), servers_.end(),
                       [&](const SimulatedServer& server) { return server.name == name; });
}

void SimulatedCluster::Write(bool commit) {
  SimulatedServer& primary = Server(written);
  primary.wal.push_back({.end = primary.Lsn() + 100,
                         .timeline = primary.timeline,
                         .at = exporter_.now,
                         .commit = commit});
  primary.replayed = primary.wal.size();
}

void SimulatedCluster::Promote(const std::string& name) {
  SimulatedServer& server = Server(name);
  server.replayed = server.wal.size();
  server.forked_at = server.Lsn();
  server.upstream = "";
  ++server.timeline;
  written = name;
  Write(/*commit=*/false);
}

void SimulatedCluster::RestartExporter() {
  exporter_ = WatchedCluster(OptionsFor(kNames), exporter_.now);
}

void SimulatedCluster::Run(Duration time, const std::function<void()>& scrape) {
  for (const Time end = exporter_.now + time; exporter_.now < end;) {
    Tick();
    if (ticks_ % kTicksPerPulse == kPhase) Pulse();
    if (ticks_ % kTicksPerScrape == 0) scrape();
  }
}

void SimulatedCluster::Tick() {
  exporter_.now += kTick;
  ++ticks_;
  if (busy && Server(written).runs()) Write(/*commit=*/true);
  for (SimulatedServer& server : servers_) {
    if (server.is_primary() || !server.runs()) continue;
    Receive(server);
    Replay(server);
  }
}

// The connection stands, whether anything comes over it or not.
bool SimulatedCluster::IsLinked(const SimulatedServer& standby) {
  return !standby.is_primary() && !standby.cut && !standby.dead && !Server(standby.upstream).dead;
}

// Its upstream has all the WAL that it has.
bool SimulatedCluster::Follows(const SimulatedServer& standby) {
  return IsLinked(standby) && StartsWith(Server(standby.upstream).wal, standby.wal);
}

void SimulatedCluster::Receive(SimulatedServer& standby) {
  const SimulatedServer* upstream = &Server(standby.upstream);
  if (!Follows(standby) || standby.stalled || upstream->frozen) return;
  if (upstream->wal.size() > standby.wal.size() || exporter_.now - standby.heard >= kKeepalives) {
    standby.heard = exporter_.now;
  }
  standby.wal = upstream->wal;
  standby.timeline = upstream->timeline;
}

void SimulatedCluster::Replay(SimulatedServer& standby) {
  for (std::size_t i = 0; i < standby.replays_per_tick && !standby.paused; ++i) {
    if (standby.replayed == standby.wal.size()) break;
    if (standby.wal[standby.replayed].at > exporter_.now - standby.apply_delay) break;
    ++standby.replayed;
  }
  if (!Follows(standby) || standby.stalled) return;
  if (standby.replayed == standby.told_replayed && exporter_.now - standby.replied < kReplies) {
    return;
  }
  standby.told_replayed = standby.replayed;
  standby.replied = exporter_.now;
}

double SimulatedCluster::Truth(const std::string& name) {
  const SimulatedServer& standby = Server(name);
  const std::vector<WalRecord>& wal = Server(written).wal;
  const auto replayed = standby.wal.begin() + static_cast<std::ptrdiff_t>(standby.replayed);
  const auto same = std::mismatch(standby.wal.begin(), replayed, wal.begin(), wal.end()).second;
  const auto missing =
      std::find_if(same, wal.end(), [](const WalRecord& record) { return record.commit; });
  return missing == wal.end() ? 0 : Seconds(exporter_.now - missing->at);
}

void SimulatedCluster::Pulse() {
  for (const bool first : {true, false}) {
    for (SimulatedServer& server : servers_) {
      if ((server.is_primary() == (order_ == Order::kPrimaryFirst)) == first) Ask(server);
    }
  }
}

void SimulatedCluster::Ask(SimulatedServer& server) {
  std::optional<Time>& silent = silent_since_[static_cast<std::size_t>(&server - servers_.data())];
  if (!server.frozen && !server.hidden) {
    silent.reset();
    if (server.dead) return exporter_.Lose(server.name, UpReason::kRefused);
    return exporter_.See(server.name, Tell(server));
  }
  if (!silent) silent = exporter_.now;
  if (exporter_.now - *silent >= kDeadline) exporter_.Lose(server.name, UpReason::kTimeout);
}

SnapshotBuilder SimulatedCluster::Tell(const SimulatedServer& server) {
  const auto commits = std::count_if(server.wal.begin(), server.wal.end(),
                                     [](const WalRecord& record) { return record.commit; });
  SnapshotBuilder told =
      server.is_primary() ? Primary(server.Lsn(), commits) : StandbyAt(server.ReplayedLsn());
  told.Host(HostOf(server.name)).OnTimeline(server.timeline).Senders(SendersOf(server));
  if (server.is_primary()) {
    if (server.forked_at) told.ForkedAt(*server.forked_at);
    return told;
  }
  told.Received(server.Lsn()).ApplyDelay(Seconds(server.apply_delay));
  if (server.paused) told.Paused();
  if (IsLinked(server)) told.Receives(ReceiverOf(server));
  return told;
}

ReceiverFact SimulatedCluster::ReceiverOf(const SimulatedServer& standby) {
  ReceiverFact receiver = ReceiverAt(standby.Lsn(), Seconds(standby.heard.time_since_epoch()));
  receiver.sender_host = HostOf(standby.upstream);
  receiver.application_name = standby.name;
  receiver.timeline = standby.timeline;
  receiver.written = receiver.flushed = Lsn{standby.Lsn()};
  if (!Follows(standby)) receiver.status = "waiting";
  return receiver;
}

std::vector<Sender> SimulatedCluster::SendersOf(const SimulatedServer& upstream) {
  std::vector<Sender> senders;
  for (const SimulatedServer& standby : servers_) {
    if (standby.upstream != upstream.name || !IsLinked(standby)) continue;
    const std::size_t replayed = std::max<std::size_t>(standby.told_replayed, 1);
    Sender& sender = senders.emplace_back(SenderOf(standby.name, standby.wal.at(replayed - 1).end));
    sender.client_addr = HostOf(standby.name);
    sender.current = Lsn{upstream.Lsn()};
    sender.sent = sender.written = sender.flushed = Lsn{standby.Lsn()};
    sender.reply_time = Seconds(standby.replied.time_since_epoch());
    if (!Follows(standby)) sender.state = "startup";
  }
  return senders;
}

}  // namespace pgrepl::cluster
