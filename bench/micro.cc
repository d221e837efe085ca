// What a scrape and a pulse are made of, function by function: rendering a page, the history of
// LSNs, the view of a cluster.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "collectors/lag.h"
#include "collectors/receiver.h"
#include "collectors/senders.h"
#include "exporter/cluster/lsn_history.h"
#include "exporter/cluster/memory.h"
#include "exporter/cluster/view.h"
#include "exporter/metrics/page.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLabels[] = {"standby", "state"};
constexpr Family kFamily{
    .name = "pgrepl_bench", .help = "A series of the usual length.", .labels = kLabels};
constexpr const Family* kFamilies[] = {&kFamily};

void RenderPage(benchmark::State& state) {
  const std::string scope = ScopeLabels({{"pg_cluster", "main"}, {"server", "primary-1"}});
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    Page page(kFamilies);
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      page.Add(kFamily, scope, static_cast<double>(i), {"standby-1", "streaming"});
    }
    bytes = page.Render(TextFormat::kPrometheus).size();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(RenderPage)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

// A transaction in each pulse: the case that keeps the most entries.
cluster::LsnHistory History(std::int64_t pulses) {
  cluster::LsnHistory history(1s);
  for (std::int64_t i = 1; i <= pulses; ++i) {
    const auto lsn = static_cast<std::uint64_t>(i) * 1000;
    history.Append(Time{} + i * 1s, lsn, lsn);
  }
  return history;
}

void AppendToHistory(benchmark::State& state) {
  cluster::LsnHistory history = History(state.range(0));
  std::int64_t pulse = state.range(0);
  for ([[maybe_unused]] auto _ : state) {
    ++pulse;
    const auto lsn = static_cast<std::uint64_t>(pulse) * 1000;
    history.Append(Time{} + pulse * 1s, lsn, lsn);
  }
}
// One minute, and a busy month.
BENCHMARK(AppendToHistory)->Arg(60)->Arg(30 * 86'400);

void LookUpInHistory(benchmark::State& state) {
  const cluster::LsnHistory history = History(state.range(0));
  std::uint64_t lsn = 0;
  for ([[maybe_unused]] auto _ : state) {
    lsn = (lsn + 7'919'500) % *history.LatestLsn();
    benchmark::DoNotOptimize(history.FirstTransactionPast(lsn));
  }
}
BENCHMARK(LookUpInHistory)->Arg(60)->Arg(30 * 86'400);

// One cluster: server 0 is the primary, the others stream from it.
class Watched {
 public:
  explicit Watched(std::size_t servers) : servers_(servers), memory_(Options(servers), Time{}) {
    Pulse();
  }

  void Pulse() {
    now_ += 1s;
    lsn_ += 1000;
    for (std::size_t i = 0; i < servers_; ++i) memory_.Observe(i, Snapshot(i), now_);
  }

  [[nodiscard]] ClusterView View() const { return BuildView(memory_, now_); }

 private:
  static std::string Name(std::size_t server) { return "server" + std::to_string(server); }

  static cluster::ClusterOptions Options(std::size_t servers) {
    cluster::ClusterOptions options{.name = "main",
                                    .pulse_interval = 1s,
                                    .pulse_deadline = 3s,
                                    .interval = 10s,
                                    .slow_interval = 60s,
                                    .remember_vanished = 1h};
    for (std::size_t i = 0; i < servers; ++i) options.servers.push_back({Name(i)});
    return options;
  }

  template <typename Fact>
  void Set(ServerSnapshot& snapshot, CollectorId id, Fact fact) const {
    snapshot.facts[static_cast<std::size_t>(id)] = {
        .fact = std::make_shared<const Fact>(std::move(fact)), .at = now_};
  }

  [[nodiscard]] SendersFact AllSenders() const {
    SendersFact fact;
    for (std::size_t i = 1; i < servers_; ++i) {
      fact.senders.push_back({.kind = SenderKind::kStandby,
                              .application_name = Name(i),
                              .client_addr = "10.0.0.1",
                              .state = "streaming",
                              .replayed = Lsn{lsn_}});
    }
    return fact;
  }

  [[nodiscard]] ServerSnapshotPtr Snapshot(std::size_t server) const {
    const Role role = server == 0 ? Role::kPrimary : Role::kStandby;
    ServerSnapshot snapshot{.up = true, .role = role, .at = now_, .answered_at = now_};
    snapshot.address = "10.0.0." + std::to_string(server) + ":5432";
    PositionFact position{.timeline = 1};
    if (server == 0) {
      position.flushed = Lsn{lsn_};
      position.snapshot = static_cast<std::int64_t>(lsn_);
      Set(snapshot, CollectorId::kSenders, AllSenders());
    } else {
      position.replayed = Lsn{lsn_ - 500};
      Set(snapshot, CollectorId::kSenders, SendersFact{});
      Set(snapshot, CollectorId::kReceiver, ReceiverFact{.present = true, .status = "streaming"});
    }
    Set(snapshot, CollectorId::kLag, std::move(position));
    return std::make_shared<const ServerSnapshot>(std::move(snapshot));
  }

  const std::size_t servers_;
  Time now_{};
  std::uint64_t lsn_ = 1'000'000;
  cluster::Memory memory_;
};

void ObservePulse(benchmark::State& state) {
  Watched watched(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) watched.Pulse();
}
BENCHMARK(ObservePulse)->Arg(4)->Arg(30)->Unit(benchmark::kMicrosecond);

void BuildClusterView(benchmark::State& state) {
  const Watched watched(static_cast<std::size_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(watched.View());
}
BENCHMARK(BuildClusterView)->Arg(4)->Arg(30)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pgrepl
