// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/hanging_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

TEST(HangingThreadsTest, WorkIsWaitedForAndWhatItHeldIsReleased) {
  HangingThreads threads;
  auto held = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(threads.Start([held] { ++*held; }));
  EXPECT_TRUE(threads.Join(10s));
  EXPECT_EQ(*held, 3);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(HangingThreadsTest, OneThatHangsIsLeftAlone) {
  std::promise<void> release;
  std::promise<void> ended;
  auto threads = std::make_unique<HangingThreads>();
  const bool started = threads->Start([&, released = release.get_future().share()] {
    released.wait();
    ended.set_value();
  });
  EXPECT_TRUE(started);
  const Time before = Now();
  EXPECT_FALSE(threads->Join(10ms));
  EXPECT_FALSE(threads->Join(10ms)) << "it hangs still";
  EXPECT_TRUE(threads->Start([] {}));
  threads.reset();
  EXPECT_LT(Now() - before, 5s);
  release.set_value();
  ended.get_future().wait();
}

TEST(HangingThreadsTest, OneThatEndedAfterAllIsForgotten) {
  std::promise<void> release;
  HangingThreads threads;
  EXPECT_TRUE(threads.Start([&] { release.get_future().wait(); }));
  EXPECT_FALSE(threads.Join(1ms));
  release.set_value();
  EXPECT_TRUE(threads.Join(10s));
}

}  // namespace
}  // namespace pgrepl
