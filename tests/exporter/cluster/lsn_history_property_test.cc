// LsnHistory against a model that keeps every sample, and against the true times of transactions,
// over seeded random primaries: idle, steady, in bursts, checkpointing.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "exporter/cluster/lsn_history.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPulse = 1s;

struct Sample {
  Time at;
  std::uint64_t lsn;
  std::uint64_t snapshot;
};

struct Transaction {
  Time at;
  std::uint64_t end_lsn;
};

enum class Commits { kFlushed, kSometimesAsynchronous };

/// A primary that changes its mood now and then, and knows when each transaction really ended.
class Primary {
 public:
  explicit Primary(unsigned seed, Commits commits = Commits::kFlushed)
      : random_(seed), commits_(commits) {}

  Sample RunUntil(Time at) {
    while (now_ < at) {
      now_ = std::min(at, now_ + Random(1, 100) * 10ms);
      if (--patience_ < 0) ChangeMood();
      if (mood_ == Mood::kIdle) continue;
      if (mood_ == Mood::kCheckpoints && Random(0, 5) != 0) continue;
      inserted_ += 8 * static_cast<std::uint64_t>(Random(1, mood_ == Mood::kBurst ? 100'000 : 100));
      if (commits_ == Commits::kFlushed || Random(0, 3) == 0) flushed_ = inserted_;
      if (mood_ != Mood::kCheckpoints) transactions_.push_back({now_, inserted_});
    }
    return {now_, flushed_, transactions_.size()};
  }

  [[nodiscard]] std::optional<Time> TruthPast(std::uint64_t lsn) const {
    const auto first =
        std::upper_bound(transactions_.begin(), transactions_.end(), lsn,
                         [](std::uint64_t l, const Transaction& t) { return l < t.end_lsn; });
    if (first == transactions_.end()) return std::nullopt;
    return first->at;
  }

  int Random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  [[nodiscard]] Time now() const { return now_; }

 private:
  enum class Mood { kIdle, kSteady, kBurst, kCheckpoints };

  void ChangeMood() {
    mood_ = static_cast<Mood>(Random(0, 3));
    patience_ = Random(0, 1) == 0 ? Random(1, 20) : Random(100, 2000);
  }

  std::mt19937 random_;
  Commits commits_;
  Mood mood_ = Mood::kSteady;
  int patience_ = 100;
  Time now_{1000h};
  std::uint64_t inserted_ = 1000;
  std::uint64_t flushed_ = 1000;
  std::vector<Transaction> transactions_;
};

/// Every sample, and the definition of the crossing read out of them one by one.
class Model {
 public:
  struct Window {
    Sample before;
    Sample after;
  };

  void Append(const Sample& sample) { samples_.push_back(sample); }

  [[nodiscard]] std::optional<Window> CrossingPast(std::uint64_t lsn) const {
    auto sample = std::upper_bound(samples_.begin(), samples_.end(), lsn,
                                   [](std::uint64_t l, const Sample& s) { return l < s.lsn; });
    if (sample == samples_.begin()) return std::nullopt;
    const auto base = std::lower_bound(samples_.begin(), sample, (sample - 1)->lsn,
                                       [](const Sample& s, std::uint64_t l) { return s.lsn < l; });
    while (sample != samples_.end() && sample->snapshot == base->snapshot) ++sample;
    if (sample == samples_.end()) return std::nullopt;
    return Window{*(sample - 1), *sample};
  }

  /// Where a standby may stand: at a sample, or somewhere before the next.
  [[nodiscard]] std::uint64_t SomeLsn(Primary& primary) const {
    const int last = static_cast<int>(samples_.size()) - 1;
    const auto sample = samples_.begin() + primary.Random(0, last);
    if (sample + 1 == samples_.end() || primary.Random(0, 1) == 0) return sample->lsn;
    return sample->lsn + ((sample + 1)->lsn - sample->lsn) / 3;
  }

  [[nodiscard]] bool Sampled(std::uint64_t lsn) const {
    return std::any_of(samples_.begin(), samples_.end(),
                       [&](const Sample& sample) { return sample.lsn == lsn; });
  }

 private:
  std::vector<Sample> samples_;
};

Time Interpolated(const Model::Window& window, std::uint64_t lsn) {
  if (lsn <= window.before.lsn) return window.before.at;
  const double part = static_cast<double>(lsn - window.before.lsn) /
                      static_cast<double>(window.after.lsn - window.before.lsn);
  return window.before.at + FromSeconds(part * Seconds(window.after.at - window.before.at));
}

Duration ResolutionAt(Duration age) {
  if (age < 10min) return 2 * kPulse;
  if (age < 3h) return 10s;
  if (age < 48h) return 1min;
  return 10min;
}

TEST(LsnHistoryProperty, AnswersAsIfEverySampleWereKept) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Primary primary(seed, Commits::kSometimesAsynchronous);
    Model model;
    LsnHistory history(kPulse);
    for (int pulse = 0; pulse < 550; ++pulse) {
      const auto sample = primary.RunUntil(primary.now() + kPulse + primary.Random(-50, 50) * 1ms);
      model.Append(sample);
      history.Append(sample.at, sample.lsn, sample.snapshot);
      if (pulse % 5 != 0) continue;
      const std::uint64_t lsn = model.SomeLsn(primary);
      const auto said = history.FirstTransactionPast(lsn);
      const auto wanted = model.CrossingPast(lsn);
      ASSERT_EQ(said.has_value(), wanted.has_value()) << "seed " << seed << " pulse " << pulse;
      if (!said) continue;
      ASSERT_EQ(said->at, Interpolated(*wanted, lsn)) << "seed " << seed << " pulse " << pulse;
      ASSERT_EQ(said->bound, Bound::kExact);
    }
  }
}

TEST(LsnHistoryProperty, IsWithinASampleGapOfTheTruth) {
  for (unsigned seed = 100; seed < 130; ++seed) {
    Primary primary(seed);
    Model model;
    LsnHistory history(kPulse);
    for (int pulse = 0; pulse < 550; ++pulse) {
      // Every now and then a sample is missing, or ten are.
      const int missing = primary.Random(0, 30) == 0 ? primary.Random(1, 10) : 0;
      const auto sample = primary.RunUntil(primary.now() + (1 + missing) * kPulse);
      model.Append(sample);
      history.Append(sample.at, sample.lsn, sample.snapshot);
      const std::uint64_t lsn = model.SomeLsn(primary);
      const auto said = history.FirstTransactionPast(lsn);
      const auto truth = primary.TruthPast(lsn);
      if (truth) {
        ASSERT_TRUE(said) << "a transaction was missed, seed " << seed << " pulse " << pulse;
      } else if (said) {
        ASSERT_FALSE(model.Sampled(lsn)) << "a false lag, seed " << seed << " pulse " << pulse;
      }
      if (!said || !truth) continue;
      if (said->bound == Bound::kAtLeast) {
        ASSERT_LE(said->earliest, *truth);
        ASSERT_TRUE(said->at >= *truth || !model.Sampled(lsn));
      } else if (model.Sampled(lsn)) {
        ASSERT_LE(std::chrono::abs(said->at - *truth), 2 * kPulse) << "seed " << seed;
      }
    }
  }
}

TEST(LsnHistoryProperty, ThinningErrsEarlyAndByTheResolutionAtMost) {
  Primary primary(7, Commits::kSometimesAsynchronous);
  Model model;
  LsnHistory history(kPulse);
  for (int pulse = 0; pulse < 80 * 3600; ++pulse) {
    const auto sample = primary.RunUntil(primary.now() + kPulse);
    model.Append(sample);
    history.Append(sample.at, sample.lsn, sample.snapshot);
    if (pulse % 20 != 0) continue;
    const std::uint64_t lsn = model.SomeLsn(primary);
    const auto said = history.FirstTransactionPast(lsn);
    const auto wanted = model.CrossingPast(lsn);
    ASSERT_EQ(said.has_value(), wanted.has_value()) << "pulse " << pulse;
    if (!said) continue;
    const Time every_sample = Interpolated(*wanted, lsn);
    ASSERT_LE(said->at, every_sample) << "pulse " << pulse;
    ASSERT_LE(Seconds(every_sample - said->at),
              Seconds(ResolutionAt(primary.now() - wanted->after.at)))
        << "pulse " << pulse;
  }
  EXPECT_LT(history.size(), 6000U);
}

TEST(LsnHistoryProperty, TheLagOfAStandbyThatStandsStillNeverShrinks) {
  Primary primary(11, Commits::kSometimesAsynchronous);
  LsnHistory history(kPulse);
  std::map<std::uint64_t, Time> crossings;
  for (int pulse = 0; pulse < 30'000; ++pulse) {
    const auto sample = primary.RunUntil(primary.now() + kPulse);
    history.Append(sample.at, sample.lsn, sample.snapshot);
    if (pulse % 1000 == 0) crossings.emplace(sample.lsn, Time::max());
    if (pulse % 100 != 0) continue;
    Time previous = Time::min();
    for (auto& [lsn, at] : crossings) {
      const auto said = history.FirstTransactionPast(lsn);
      const Time now_at = said ? said->at : Time::max();
      ASSERT_LE(now_at, at) << "LSN " << lsn << " pulse " << pulse;
      ASSERT_LE(previous, now_at) << "a standby further on lags more, pulse " << pulse;
      previous = at = now_at;
    }
  }
}

TEST(LsnHistoryProperty, SteadyWritesWithPulsesInBetween) {
  LsnHistory history(kPulse);
  const Time start(1000h);
  const auto written_by = [&](Time t) {
    return 1000 + 200 * static_cast<unsigned>((t - start) / 50ms);
  };
  const std::uint64_t paused_at = written_by(start + 20s + 330ms);
  double worst_healthy = 0;
  double error_of_paused = 0;
  for (Time pulse = start; pulse < start + 300s; pulse += kPulse) {
    history.Append(pulse, written_by(pulse), written_by(pulse));
    // A healthy standby replays 80 ms later, and is asked 10 ms after the primary.
    const Time asked = pulse + 10ms;
    if (const auto said = history.FirstTransactionPast(written_by(asked - 80ms))) {
      worst_healthy = std::max(worst_healthy, Seconds(asked - said->at));
    }
    if (pulse < start + 22s) continue;
    const Time truth = start + 20s + 350ms;
    const Time said = history.FirstTransactionPast(paused_at).value().at;
    error_of_paused = std::max(error_of_paused, std::abs(Seconds(said - truth)));
  }
  EXPECT_LT(worst_healthy, 0.2);
  EXPECT_LT(error_of_paused, 0.06);
}

/// What each pulse appends, from the most usual to the least kind.
enum class Pattern { kBusy, kTransactionThenCheckpoint, kWalStandsStill, kReceivers, kHoles };

class LsnHistoryMemory : public testing::TestWithParam<Pattern> {};

TEST_P(LsnHistoryMemory, IsBounded) {
  LsnHistory history(kPulse);
  Time at(1000h);
  std::uint64_t lsn = 1000;
  std::size_t most = 0;
  for (std::uint64_t pulse = 0; pulse < 200'000; ++pulse) {
    at += GetParam() == Pattern::kHoles ? 7s : 1s;
    lsn += GetParam() == Pattern::kWalStandsStill && pulse % 40 != 0 ? 0U : 64U;
    std::optional<std::uint64_t> snapshot = pulse;
    if (GetParam() == Pattern::kTransactionThenCheckpoint) snapshot = pulse / 2;
    if (GetParam() == Pattern::kReceivers) snapshot.reset();
    history.Append(at, lsn, snapshot);
    most = std::max(most, history.MemoryBytes());
  }
  EXPECT_LE(most, LsnHistory::kMaxEntries * 32);
  EXPECT_GT(history.size(), 1000U);
  // Coverage isn't given up for it: a standby that stopped two days ago still reads right.
  EXPECT_LT(*history.Oldest(), at - 48h);
}

INSTANTIATE_TEST_SUITE_P(Patterns, LsnHistoryMemory,
                         testing::Values(Pattern::kBusy, Pattern::kTransactionThenCheckpoint,
                                         Pattern::kWalStandsStill, Pattern::kReceivers,
                                         Pattern::kHoles));

// Four months of pulses.
TEST(LsnHistoryProperty, TenMillionSamplesAreBoundedToo) {
  LsnHistory history(kPulse);
  Time at(1000h);
  for (std::uint64_t pulse = 0; pulse < 10'000'000; ++pulse) {
    at += 1s;
    history.Append(at, 1000 + 64 * pulse, pulse);
  }
  EXPECT_LE(history.MemoryBytes(), LsnHistory::kMaxEntries * 32);
  EXPECT_LT(*history.Oldest(), at - 24h * 29);
}

TEST(LsnHistoryProperty, AnyMixOfSourcesKeepsTheOrder) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Primary random(seed);
    LsnHistory history(kPulse);
    Time at(1000h);
    std::uint64_t lsn = 10'000;
    for (int i = 0; i < 1500; ++i) {
      at += random.Random(-300, 1500) * 1ms;
      lsn += static_cast<std::uint64_t>(random.Random(0, 3) * 10);
      if (random.Random(0, 500) == 0) lsn -= std::min<std::uint64_t>(lsn, 1000);
      std::optional<std::uint64_t> snapshot = lsn / 100;
      if (random.Random(0, 2) == 0) snapshot.reset();
      history.Append(at, lsn, snapshot);
      Time previous = Time::min();
      for (std::uint64_t replay = lsn < 300 ? 0 : lsn - 300; replay < lsn + 10; replay += 35) {
        const auto said = history.FirstTransactionPast(replay);
        const Time said_at = said ? said->at : Time::max();
        ASSERT_LE(previous, said_at) << "seed " << seed << " step " << i;
        if (said) {
          ASSERT_LE(said->at, history.LastVouchedFor());
          ASSERT_LE(said->earliest, said->at);
        }
        previous = said_at;
      }
    }
  }
}

}  // namespace
}  // namespace pgrepl::cluster
