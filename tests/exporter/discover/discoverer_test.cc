// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/discoverer.h"

#include <gtest/gtest.h>

#include <atomic>

#include "exporter/base/mutex.h"

namespace pgrepl::discover {
namespace {

using namespace std::chrono_literals;

config::Discovery At(const std::string& name, Duration interval = 1h) {
  return {.dns = name, .interval = interval};
}

// Finds a member of the name that it looks at; "hangs" until told, and "fails".
class DiscovererTest : public testing::Test {
 protected:
  Discoverer::Look Look() {
    return [this](const config::Discovery& discovery) -> Result<Members> {
      ++looks_;
      while (discovery.dns == "hangs" && !thawed_) std::this_thread::sleep_for(1ms);
      if (discovery.dns == "fails") return Error{"no such place"};
      return Members{{discovery.dns, "h", 5432}};
    };
  }

  Discoverer::Report Report() {
    return [this](const std::string& cluster, const Result<Members>& members) {
      MutexLock lock(mutex_);
      told_.push_back(cluster + ": " + (members ? members->front().name : members.error().message));
      came_.notify_all();
    };
  }

  bool WaitFor(const std::string& line, std::size_t count = 1) {
    MutexLock lock(mutex_);
    const Time deadline = Now() + 5s;
    while (static_cast<std::size_t>(std::count(told_.begin(), told_.end(), line)) < count) {
      if (Now() >= deadline) return false;
      came_.wait_for(mutex_, 100ms);
    }
    return true;
  }

  std::size_t told() {
    MutexLock lock(mutex_);
    return told_.size();
  }

  std::atomic<int> looks_ = 0;
  std::atomic<bool> thawed_ = false;
  Mutex mutex_;
  ConditionVariable came_;
  std::vector<std::string> told_ PGREPL_GUARDED_BY(mutex_);
};

TEST_F(DiscovererTest, LooksAtOnceAndEveryInterval) {
  Discoverer discoverer(1, Report(), Look());
  discoverer.Configure({{"main", At("a", 10ms)}, {"other", At("fails")}});
  EXPECT_TRUE(WaitFor("main: a", 3));
  EXPECT_TRUE(WaitFor("other: no such place"));
}

TEST_F(DiscovererTest, OneThatHangsHoldsUpNobodyElse) {
  Discoverer discoverer(2, Report(), Look());
  discoverer.Configure({{"main", At("hangs")}, {"other", At("b", 10ms)}});
  EXPECT_TRUE(WaitFor("other: b", 3));
  thawed_ = true;
  EXPECT_TRUE(WaitFor("main: hangs"));
}

TEST_F(DiscovererTest, WhatIsNoLongerWantedIsNotTold) {
  Discoverer discoverer(1, Report(), Look());
  discoverer.Configure({{"main", At("hangs")}});
  while (looks_ == 0) std::this_thread::sleep_for(1ms);
  discoverer.Configure({{"main", At("b")}});
  thawed_ = true;
  EXPECT_TRUE(WaitFor("main: b"));
  EXPECT_FALSE(told() > 1);
}

TEST_F(DiscovererTest, TheSameAgainIsNotLookedForAtOnce) {
  Discoverer discoverer(1, Report(), Look());
  discoverer.Configure({{"main", At("a")}});
  ASSERT_TRUE(WaitFor("main: a"));
  discoverer.Configure({{"main", At("a")}, {"other", At("b")}});
  EXPECT_TRUE(WaitFor("other: b"));
  EXPECT_EQ(looks_, 2);
}

TEST_F(DiscovererTest, TheFirstOfAllAreAwaited) {
  Discoverer discoverer(2, Report(), Look());
  discoverer.AwaitFirst(5s);
  discoverer.Configure({{"main", At("a")}, {"other", At("fails")}});
  discoverer.AwaitFirst(5s);
  EXPECT_EQ(told(), 2U);
  discoverer.Configure({{"main", At("hangs")}});
  const Time begin = Now();
  discoverer.AwaitFirst(50ms);
  EXPECT_LT(Now() - begin, 2s);
  thawed_ = true;
}

TEST_F(DiscovererTest, OneThatHangsDoesNotHoldUpTheEnd) {
  const auto thawed = std::make_shared<std::atomic<bool>>(false);
  Discoverer discoverer(1, Report(), [thawed](const auto&) -> Result<Members> {
    while (!*thawed) std::this_thread::sleep_for(1ms);
    return Members{};
  });
  discoverer.Configure({{"main", At("a")}});
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(discoverer.Stop());
  *thawed = true;
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(told(), 0U);
}

}  // namespace
}  // namespace pgrepl::discover
