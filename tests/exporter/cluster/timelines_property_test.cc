// Timelines against an oracle that knows every fork.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "exporter/cluster/timelines.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPulse = 1s;

struct Branch {
  TimelineId parent;
  std::uint64_t fork;
  Time at;
};

/// Up to six promotions, each of a server that followed any of the timelines so far.
class RandomForks {
 public:
  explicit RandomForks(unsigned seed) : random_(seed) {
    Write(1, 1000, Time(1000h));
    for (TimelineId child = 2; child <= 6; ++child) {
      const TimelineId parent = Random(1, child - 1);
      const std::uint64_t begin = begins_[parent];
      const std::uint64_t fork = begin + Random(1, 30) * 100;
      now_ += 1min;
      branches_[child] = {parent, fork, now_};
      timelines_.Fork(parent, child, fork, now_);
      Write(child, fork, now_);
    }
  }

  std::uint32_t Random(std::uint32_t least, std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
  }

  /// When `current` left what a standby at `lsn` of `timeline` has replayed; nullopt: it hasn't.
  [[nodiscard]] std::optional<Time> LeftAt(TimelineId timeline, std::uint64_t lsn,
                                           TimelineId current) const {
    while (timeline > 1 && lsn <= branches_.at(timeline).fork) {
      timeline = branches_.at(timeline).parent;
    }
    std::optional<Time> left;
    for (TimelineId on = current; on > 1; on = branches_.at(on).parent) {
      if (on == timeline) return left;
      if (lsn > branches_.at(on).fork) left = branches_.at(on).at;
    }
    return timeline == 1 ? left : std::optional<Time>();
  }

  /// The standby's timeline is an ancestor of `current` as far as it has replayed.
  [[nodiscard]] bool IsAncestor(TimelineId timeline, std::uint64_t lsn, TimelineId current) const {
    while (timeline > 1 && lsn <= branches_.at(timeline).fork) {
      timeline = branches_.at(timeline).parent;
    }
    for (TimelineId on = current; on > 1; on = branches_.at(on).parent) {
      if (on == timeline) return true;
    }
    return timeline == 1;
  }

  [[nodiscard]] const Timelines& timelines() const { return timelines_; }

 private:
  void Write(TimelineId timeline, std::uint64_t from, Time at) {
    begins_[timeline] = from;
    for (std::uint64_t step = 0; step <= 40; ++step) {
      timelines_.On(timeline).Append(at + step * kPulse, from + step * 100, step);
    }
    now_ = std::max(now_, at + 40 * kPulse);
  }

  std::mt19937 random_;
  Timelines timelines_{kPulse};
  std::map<TimelineId, Branch> branches_;
  std::map<TimelineId, std::uint64_t> begins_;
  Time now_{1000h};
};

TEST(TimelinesProperty, DivergedExactlyPastTheForkThatLeftIt) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomForks forks(seed);
    for (int i = 0; i < 100; ++i) {
      const TimelineId timeline = forks.Random(1, 6);
      const TimelineId current = forks.Random(1, 6);
      const std::uint64_t lsn = 1000 + forks.Random(0, 20'000);
      if (!forks.IsAncestor(timeline, lsn, current)) continue;
      const Standing standing = forks.timelines().Measure(timeline, lsn, current);
      const auto left = forks.LeftAt(timeline, lsn, current);
      const auto* diverged = std::get_if<Diverged>(&standing);
      ASSERT_EQ(diverged != nullptr, left.has_value())
          << "seed " << seed << ": " << timeline << "/" << lsn << " against " << current;
      if (left) {
        ASSERT_EQ(diverged->since, *left);
      }
    }
  }
}

TEST(TimelinesProperty, OnOneLineMoreReplayedIsNeverMoreBehind) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const RandomForks forks(seed);
    for (TimelineId current = 1; current <= 6; ++current) {
      Time previous = Time::min();
      for (std::uint64_t lsn = 1000; lsn < 25'000; lsn += 70) {
        const Standing standing = forks.timelines().Measure(current, lsn, current);
        ASSERT_FALSE(std::holds_alternative<Diverged>(standing)) << "from itself";
        const auto* behind = std::get_if<Crossing>(&standing);
        const Time at = behind != nullptr ? behind->at : Time::max();
        ASSERT_LE(previous, at) << "seed " << seed << " timeline " << current << " LSN " << lsn;
        previous = at;
      }
    }
  }
}

}  // namespace
}  // namespace pgrepl::cluster
