// What a scrape and a pulse are made of, function by function: rendering a page, decoding rows, the
// history of LSNs, the view of a cluster and of many.
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/lag.h"
#include "collectors/receiver.h"
#include "collectors/registry.h"
#include "collectors/senders.h"
#include "exporter/cluster/lsn_history.h"
#include "exporter/cluster/memory.h"
#include "exporter/cluster/view.h"
#include "exporter/metrics/page.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kLabels[] = {"standby", "state"};
constexpr Family kFamily{
    .name = "pgrepl_bench", .help = "A series of the usual length.", .labels = kLabels};
constexpr const Family* kFamilies[] = {&kFamily};

std::string Scope() { return ScopeLabels({{"pg_cluster", "main"}, {"server", "primary-1"}}); }

void CountBytes(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void Fill(Page& page, std::int64_t series, const std::string& scope) {
  for (std::int64_t i = 0; i < series; ++i) {
    page.Add(kFamily, scope, static_cast<double>(i), {"standby-1", "streaming"});
  }
}

// As each scrape but the first: in the memory of the last one.
void RenderPageAgain(benchmark::State& state) {
  const std::string scope = Scope();
  Page page(kFamilies);
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    page.Clear();
    Fill(page, state.range(0), scope);
    bytes = 0;
    for (const std::string_view piece : page.Pieces(TextFormat::kPrometheus)) bytes += piece.size();
    benchmark::DoNotOptimize(bytes);
  }
  CountBytes(state, bytes);
}
BENCHMARK(RenderPageAgain)->Arg(1'000)->Arg(10'000)->Arg(200'000)->Unit(benchmark::kMicrosecond);

void RenderFirstPage(benchmark::State& state) {
  const std::string scope = Scope();
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    Page page(kFamilies);
    Fill(page, state.range(0), scope);
    bytes = page.Render(TextFormat::kPrometheus).size();
  }
  CountBytes(state, bytes);
}
BENCHMARK(RenderFirstPage)->Arg(1'000)->Arg(10'000)->Arg(200'000)->Unit(benchmark::kMicrosecond);

// The same series by prometheus-cpp's serialiser, collected before.
void RenderByPrometheusCpp(benchmark::State& state) {
  prometheus::MetricFamily family;
  family.name = std::string(kFamily.name.view());
  family.help = std::string(kFamily.help);
  family.type = prometheus::MetricType::Gauge;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    prometheus::ClientMetric metric;
    metric.label = {{"pg_cluster", "main"},
                    {"server", "primary-1"},
                    {"standby", "standby-1"},
                    {"state", "streaming"}};
    metric.gauge.value = static_cast<double>(i);
    family.metric.push_back(std::move(metric));
  }
  const std::vector<prometheus::MetricFamily> families = {std::move(family)};
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    bytes = prometheus::TextSerializer().Serialize(families).size();
  }
  CountBytes(state, bytes);
}
BENCHMARK(RenderByPrometheusCpp)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(200'000)
    ->Unit(benchmark::kMicrosecond);

const Collector& Of(CollectorId id) { return *Collectors()[static_cast<std::size_t>(id)]; }

void Decode(benchmark::State& state, CollectorId id, const Rows& rows) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Of(id).decode(Of(id), rows));
  state.SetItemsProcessed(state.iterations() * rows.size());
}

// The row of each pulse, as a standby answers.
void DecodePosition(benchmark::State& state) {
  const std::nullopt_t null = std::nullopt;
  Decode(state, CollectorId::kLag,
         OneRow({null, null, "16/B374D848", "16/B374D000", "not paused", "0", "7", "16/B3000028",
                 null}));
}
BENCHMARK(DecodePosition);

void DecodeSenders(benchmark::State& state) {
  const std::nullopt_t null = std::nullopt;
  RowsBuilder rows;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    rows.AddRow({"4711",         "standby-1",   "10.0.0.2",    "streaming",   "standby_1",
                 "physical",     "f",           "16/B374D848", "16/B374D848", "16/B374D848",
                 "16/B374D848",  "16/B374D000", "0.001",       "0.002",       "0.003",
                 "1700000000.5", "async",       null,          "0",           null});
  }
  Decode(state, CollectorId::kSenders, rows.Build());
}
BENCHMARK(DecodeSenders)->Arg(1)->Arg(30);

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

// What a scrape makes of a fleet: the views of all clusters, four servers each.
void BuildFleetView(benchmark::State& state) {
  std::vector<std::unique_ptr<Watched>> clusters;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    clusters.push_back(std::make_unique<Watched>(4));
  }
  for ([[maybe_unused]] auto _ : state) {
    for (const auto& cluster : clusters) benchmark::DoNotOptimize(cluster->View());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BuildFleetView)->Arg(1)->Arg(10)->Arg(1'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pgrepl
