// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <set>
#include <vector>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// Both ends of a connection.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    ours.Reset(ends[0]);
    theirs.Reset(ends[1]);
  }
  void Arrive() const { EXPECT_EQ(write(theirs.get(), "x", 1), 1); }

  UniqueFd ours, theirs;
};

TEST(PollerTest, TellsWhatCanBeReadUntilItIsRead) {
  Pair a, b;
  Poller poller;
  poller.Add(a.ours.get(), false, 1);
  poller.Add(b.ours.get(), false, 2);
  EXPECT_THAT(poller.Wait(0s), IsEmpty());
  b.Arrive();
  EXPECT_THAT(poller.Wait(1s), ElementsAre(2));
  EXPECT_THAT(poller.Wait(1s), ElementsAre(2));
  char byte = 0;
  EXPECT_EQ(read(b.ours.get(), &byte, 1), 1);
  EXPECT_THAT(poller.Wait(0s), IsEmpty());
}

TEST(PollerTest, TellsWhatCanBeWrittenOnlyWhileAsked) {
  Pair a;
  Poller poller;
  poller.Add(a.ours.get(), true, 1);
  EXPECT_THAT(poller.Wait(1s), ElementsAre(1));
  poller.Change(a.ours.get(), false, 1);
  EXPECT_THAT(poller.Wait(0s), IsEmpty());
}

TEST(PollerTest, TheEndOfAConnectionCanBeRead) {
  Pair a;
  Poller poller;
  poller.Add(a.ours.get(), false, 1);
  a.theirs.Reset();
  EXPECT_THAT(poller.Wait(1s), ElementsAre(1));
}

TEST(PollerTest, WhatIsClosedIsForgotten) {
  Pair a;
  Poller poller;
  poller.Add(a.ours.get(), false, 1);
  a.Arrive();
  a.ours.Reset();
  EXPECT_THAT(poller.Wait(0s), IsEmpty());
}

TEST(PollerTest, ManyAreToldInTurns) {
  constexpr Poller::Token kCount = 200;
  std::vector<Pair> pairs(kCount);
  Poller poller;
  for (Poller::Token i = 0; i < kCount; ++i) {
    poller.Add(pairs[i].ours.get(), false, i);
    pairs[i].Arrive();
  }
  std::set<Poller::Token> seen;
  for (int turn = 0; turn < 4; ++turn) {
    for (const Poller::Token token : poller.Wait(0s)) {
      seen.insert(token);
      char byte = 0;
      EXPECT_EQ(read(pairs[token].ours.get(), &byte, 1), 1);
    }
  }
  EXPECT_EQ(seen.size(), kCount);
}

TEST(PollerTest, WaitsNoLongerThanAsked) {
  Poller poller;
  const Time begin = Now();
  EXPECT_THAT(poller.Wait(20ms), IsEmpty());
  EXPECT_GE(Now() - begin, 20ms);
}

}  // namespace
}  // namespace pgrepl
