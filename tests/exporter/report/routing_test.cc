// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/routing.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "tests/exporter/report/routed.h"

namespace pgrepl::report {
namespace {

using namespace std::chrono_literals;

class RoutingTest : public testing::Test {
 protected:
  ServerView& Of(std::string_view server) { return ServerOf(cluster_, server); }

  std::string Primary(std::string_view server) { return Say(IsPrimary(cluster_, Of(server))); }
  std::string Fresh(std::string_view server, Duration max_lag = 10s) {
    return Say(IsFreshStandby(cluster_, Of(server), max_lag));
  }
  static std::string Say(const Verdict& verdict) {
    return (verdict.yes ? "yes, " : "no, ") + verdict.line;
  }

  void Lag(LagView lag) {
    lag.cause = Of("s1").lag->cause;
    Of("s1").lag = std::move(lag);
  }

  ClusterView cluster_ = Routed();
};

TEST_F(RoutingTest, ThePrimaryTakesWritesAndStandbysAreReadFrom) {
  EXPECT_EQ(Primary("p"), "yes, p of main: primary");
  EXPECT_EQ(Primary("s1"), "no, s1 of main: its role is standby");
  EXPECT_EQ(Fresh("s1"), "yes, s1 of main: standby, lag 0 s");
  EXPECT_EQ(Fresh("p"), "no, p of main: its role is primary");
}

TEST_F(RoutingTest, TheLimitItselfIsWithin) {
  EXPECT_EQ(Fresh("s2", 4s), "yes, s2 of main: standby, lag 4 s");
  EXPECT_EQ(Fresh("s2", 3999ms), "no, s2 of main: lag 4 s, more than 3999ms");
  EXPECT_EQ(Fresh("s1", 0s), "yes, s1 of main: standby, lag 0 s");
}

TEST_F(RoutingTest, NobodyIsSentToAServerThatIsNotSeen) {
  struct Spoilt {
    std::function<void(ServerView&)> spoil;
    std::string reason;
  };
  const std::vector<Spoilt> cases = {
      {[](ServerView& server) { server.up = false, server.reason = UpReason::kTimeout; },
       "down: timeout"},
      {[](ServerView& server) { server.up = server.tried = false; }, "not tried yet"},
      {[](ServerView& server) { server.configured = false; }, "not configured"},
      {[](ServerView& server) { server.stale = true; }, "its last answer is too old"},
      {[](ServerView& server) { server.role.reset(); }, "its role is unknown"},
      {[](ServerView& server) { server.diverged = true; },
       "diverged: it has WAL that a newer timeline left behind"},
  };
  for (const Spoilt& one : cases) {
    cluster_ = Routed();
    one.spoil(Of("p"));
    one.spoil(Of("s1"));
    EXPECT_EQ(Primary("p"), "no, p of main: " + one.reason);
    EXPECT_EQ(Fresh("s1"), "no, s1 of main: " + one.reason);
  }
}

TEST_F(RoutingTest, DivergenceThatCannotBeToldIsNone) {
  Of("p").diverged = Of("s1").diverged = std::nullopt;
  EXPECT_TRUE(IsPrimary(cluster_, Of("p")).yes);
  EXPECT_TRUE(IsFreshStandby(cluster_, Of("s1"), 10s).yes);
}

TEST_F(RoutingTest, InASplitBrainNoPrimaryTakesWrites) {
  cluster_.primaries = 2;
  Of("s2").role = Role::kPrimary;
  EXPECT_EQ(Primary("p"), "no, p of main: split brain: 2 primaries");
  EXPECT_EQ(Primary("s2"), "no, s2 of main: split brain: 2 primaries");
  EXPECT_EQ(Say(HasPrimary(cluster_)),
            "no, main: no primary; p of main: split brain: 2 primaries; "
            "s2 of main: split brain: 2 primaries");
  EXPECT_TRUE(IsFreshStandby(cluster_, Of("s1"), 10s).yes);
}

TEST_F(RoutingTest, APrimaryThatOnlyOthersReachIsASecondOne) {
  // s1 was promoted; p is frozen for us, and s2 still streams from it.
  cluster_.primaries = 2;
  Of("p").up = false;
  Of("p").reason = UpReason::kTimeout;
  Of("s1").role = Role::kPrimary;
  EXPECT_EQ(Primary("p"), "no, p of main: down: timeout");
  EXPECT_EQ(Primary("s1"), "no, s1 of main: split brain: 2 primaries");
}

TEST_F(RoutingTest, AnUnknownLagOrALowerBoundIsNoLag) {
  const std::vector<std::pair<LagView, std::string>> cases = {
      {{.seconds = 0, .known = false}, "its lag is not known: 0 s"},
      {{.seconds = 0, .known = false, .bound = LagBound::kAtLeast},
       "its lag is not known: at least 0 s"},
      {{.seconds = 2, .known = true, .bound = LagBound::kAtLeast}, "its lag is not known: 2 s"},
      {{.seconds = 2, .known = false, .bound = LagBound::kAtMost},
       "its lag is not known: at most 2 s"},
  };
  for (const auto& [lag, reason] : cases) {
    Lag(lag);
    EXPECT_EQ(Fresh("s1"), "no, s1 of main: " + reason);
  }
  Lag({.seconds = 2, .known = true, .bound = LagBound::kAtMost});
  EXPECT_EQ(Fresh("s1"), "yes, s1 of main: standby, lag 2 s") << "it is surely no more";
  Of("s1").lag.reset();
  EXPECT_EQ(Fresh("s1"), "no, s1 of main: its lag is not known");
}

TEST_F(RoutingTest, AStandbyThatDoesNotReplayIsNotFreshHoweverSmallItsLag) {
  for (const std::string state : {"paused", "pause requested", "of a newer major"}) {
    SetReplay(Of("s1"), state);
    EXPECT_EQ(Fresh("s1"), "no, s1 of main: replay: " + state);
  }
  SetReplay(Of("s1"), "");
  EXPECT_EQ(Fresh("s1"), "no, s1 of main: whether it replays is not known");
}

TEST_F(RoutingTest, AStandbyThatCannotFollowIsNotFresh) {
  Of("s1").lag->cause = LagCause::kDifferentSystem;
  EXPECT_EQ(Fresh("s1"), "no, s1 of main: it cannot follow: different_system");
  Of("s1").lag->cause = LagCause::kTimelineDiverged;
  EXPECT_EQ(Fresh("s1"), "no, s1 of main: it cannot follow: timeline_diverged");
}

TEST_F(RoutingTest, TheClusterHasWhatOneOfItsServersIs) {
  EXPECT_EQ(Say(HasPrimary(cluster_)), "yes, p of main: primary");
  EXPECT_EQ(Say(HasFreshStandby(cluster_, 10s)), "yes, s1 of main: standby, lag 0 s");
  SetReplay(Of("s1"), "paused");
  EXPECT_EQ(Say(HasFreshStandby(cluster_, 10s)), "yes, s2 of main: standby, lag 4 s");
  EXPECT_EQ(Say(HasFreshStandby(cluster_, 1s)),
            "no, main: no standby within 1s; s1 of main: replay: paused; "
            "s2 of main: lag 4 s, more than 1s");
  Of("p").up = false;
  Of("p").reason = UpReason::kRefused;
  cluster_.primaries = 0;
  EXPECT_EQ(Say(HasPrimary(cluster_)), "no, main: no primary; p of main: down: refused");
  Of("p").role = Role::kStandby;
  EXPECT_EQ(Say(HasPrimary(cluster_)), "no, main: no primary");
}

TEST_F(RoutingTest, NamesCannotSteerATerminal) {
  Of("p").name = "p\x1b[2J\n";
  EXPECT_EQ(IsPrimary(cluster_, cluster_.servers[0]).line, "p?[2J? of main: primary");
}

}  // namespace
}  // namespace pgrepl::report
