// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "collectors/recovery.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ExplainTest : public testing::Test {
 protected:
  ServerView& Server(std::string_view name) { return ServerOf(cluster_, name); }
  LagEvidence& Told(std::string_view name) { return Server(name).lag->evidence; }
  template <typename Fact>
  void Tell(std::string_view name, CollectorId id, const Fact& fact) {
    Server(name).facts[static_cast<std::size_t>(id)] = &fact;
  }
  std::string Text(std::string_view name) { return Explain({&cluster_, &Server(name)}); }
  std::string With(LagCause cause) {
    Server("s1").lag->cause = cause;
    return Text("s1");
  }

  ClusterView cluster_ = Example();
};

TEST_F(ExplainTest, TellsFigureMeaningRemedyAndEvidence) {
  const PositionFact position{.pause_state = "paused"};
  Tell("s1", CollectorId::kLag, position);
  Told("s1").slot_name = "s1";
  Told("s1").slot_wal_status = "reserved";
  Told("s1").wal_margin = 16.0 * 1024 * 1024;
  EXPECT_EQ(Text("s1"), R"(s1 of main: lag 8.2 s, replay_paused

  Somebody paused replay on s1 with pg_wal_replay_pause(), or it reached its recovery target.
  WAL may still come in; readers see old data.
  -> When you know why it was, on s1:
     SELECT pg_wal_replay_resume();
     If a recovery_target is set there, this ends recovery: s1 becomes a primary.

  lag        8.2 s (measured); the alert fires above 60 s
  against    the primary's WAL positions over time, as watched
  replayed   0/3000000, read 0.2 s ago
  received   0/3000800, 2.0 kB to replay
  primary    0/3000800, 2.0 kB ahead of `replayed`
  WAL waits  2.0 kB to be replayed
  link       streaming from p, sync, sender's pid 4711
  replay     paused
  slot       s1, wal_status reserved
  WAL kept   its upstream still has the 16.0 MB before what it needs next
)");
}

TEST_F(ExplainTest, EveryCauseHasAMeaningAndNamesTheStandby) {
  for (std::size_t i = 0; i < std::size(kLagCauses); ++i) {
    const std::string text = With(static_cast<LagCause>(i));
    EXPECT_THAT(text, HasSubstr("s1 ")) << kLagCauses[i];
    EXPECT_THAT(text, Not(HasSubstr("{"))) << kLagCauses[i];
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 96U) << line;
  }
}

TEST_F(ExplainTest, SettingsAreRaisedAndNeverResumed) {
  const SettingsFact own{{100, 8, 10, 0, 64}}, primary{{200, 8, 10, 0, 128}};
  Tell("s1", CollectorId::kSettings, own);
  Server("s1").primary_settings = &primary;
  const std::string text = With(LagCause::kSettingsTooLow);
  EXPECT_THAT(text, HasSubstr("restart s1. Do NOT call\n     pg_wal_replay_resume()"));
  EXPECT_THAT(text, HasSubstr("too low    max_connections = 100, on the primary 200\n"));
  EXPECT_THAT(text, HasSubstr("too low    max_locks_per_transaction = 64, on the primary 128\n"));
  EXPECT_THAT(text, Not(HasSubstr("max_wal_senders = ")));
}

TEST_F(ExplainTest, AConflictIsToldWithWhatItWaitsFor) {
  Told("s1").wait_event_type = "Lock";
  Told("s1").wait_event = "relation";
  Told("s1").oldest_transaction = 300;
  const std::string text = With(LagCause::kRecoveryConflict);
  EXPECT_THAT(text, HasSubstr("     SELECT pg_terminate_backend(PID);\n"));
  EXPECT_THAT(text, HasSubstr("max_standby_streaming_delay"));
  EXPECT_THAT(text, HasSubstr("startup    replay waits for Lock/relation\n"));
  EXPECT_THAT(text, HasSubstr("sessions   the oldest transaction on it is open for 5 min 0 s\n"));
}

TEST_F(ExplainTest, WhatIsLostNeedsAReseed) {
  Told("s1").wal_margin = -3.0 * 1024 * 1024;
  EXPECT_THAT(With(LagCause::kWalRemoved),
              AllOf(HasSubstr("restore_command"), HasSubstr("pg_basebackup"),
                    HasSubstr("WAL kept   3.0 MB that it needs are gone at its upstream\n")));
  EXPECT_THAT(With(LagCause::kSlotLost), HasSubstr("pg_basebackup"));
  EXPECT_THAT(With(LagCause::kTimelineDiverged), HasSubstr("pg_rewind"));
}

TEST_F(ExplainTest, SilenceDelayAndUpstream) {
  Told("s1").silent_seconds = 12.5;
  EXPECT_THAT(With(LagCause::kConnectionStalled),
              HasSubstr("4711; silent for 12.5 s, though WAL waits\n"));
  Server("s1").lag->apply_delay = 300;
  EXPECT_THAT(With(LagCause::kApplyDelay), HasSubstr("recovery_min_apply_delay = 5 min 0 s\n"));
  Told("s3").upstream_lacks_seconds = 8;
  EXPECT_THAT(Text("s3"), AllOf(HasSubstr("pg_replication_exporter explain s2\n"),
                                HasSubstr("upstream   s2 itself lacks the WAL of the last 8 s")));
}

TEST_F(ExplainTest, BoundsSayWhy) {
  LagView& lag = *Server("s1").lag;
  lag.known = false;
  lag.bound = LagBound::kAtLeast;
  EXPECT_THAT(Text("s1"), HasSubstr("at least 8.2 s (a bound: what the primary writes now can't"));
  lag.caught_up_once = false;
  EXPECT_THAT(Text("s1"), HasSubstr("at least 8.2 s (a bound: it was not seen caught up since"));
  lag.bound = LagBound::kAtMost;
  EXPECT_THAT(Text("s1"), HasSubstr("at most 8.2 s (a bound: it may be less)"));
}

TEST_F(ExplainTest, HealthIsShortAndNotClaimedWithoutProof) {
  LagView& lag = *Server("s1").lag;
  lag.seconds = 0;
  lag.cause = LagCause::kNone;
  EXPECT_THAT(Text("s1"), StartsWith("s1 of main: no lag\n\n  s1 keeps up.\n\n"));
  lag.known = false;
  lag.bound = LagBound::kAtLeast;
  EXPECT_THAT(Text("s1"), AllOf(StartsWith("s1 of main: lag at least 0 s\n"), HasSubstr("no proof"),
                                Not(HasSubstr("keeps up"))));
}

TEST_F(ExplainTest, WhoIsDownIsToldFirst) {
  Server("s1").up = false;
  Server("s1").reason = UpReason::kAuth;
  EXPECT_THAT(Text("s1"), StartsWith("s1 of main: lag 8.2 s, replay_paused; down: auth\n\n"
                                     "  It doesn't answer (auth). Check the role"));
  EXPECT_THAT(Text("x"), HasSubstr("It was never reached, so its role isn't known."));
}

TEST_F(ExplainTest, AnUpstreamThatIsNotConfigured) {
  Server("p").edges.clear();
  Server("s1").upstream_address = "10.0.0.9:5432";
  EXPECT_THAT(Text("s1"), HasSubstr("streaming from 10.0.0.9:5432, which is not configured\n"));
}

TEST_F(ExplainTest, APrimaryLagsBehindNobody) {
  EXPECT_EQ(Text("p"),
            "p of main is a primary (up): it lags behind nobody.\n"
            "Ask for a standby of this cluster: s1, s2, s3\n");
}

TEST_F(ExplainTest, NothingFromAServerSteersTheTerminal) {
  Told("s1").slot_name = "a\x1b[2J\n";
  EXPECT_THAT(Text("s1"), HasSubstr("slot       a?[2J?\n"));
}

TEST(ChooseTest, ByNameAndClusterAndNothingElse) {
  std::vector<ClusterView> clusters = {Example(), Example()};
  clusters[1].name = "other";
  ServerOf(clusters[1], "s1").name = "t1";
  EXPECT_EQ(ChooseServer(clusters, "", "t1")->cluster, &clusters[1]);
  EXPECT_EQ(ChooseServer(clusters, "other", "p")->cluster, &clusters[1]);
  EXPECT_EQ(ChooseServer(clusters, "", "p").error().message,
            "several clusters have a server 'p'; name one with cluster=NAME: main, other");
  EXPECT_EQ(ChooseServer(clusters, "main", "t1").error().message,
            "unknown server 't1'; known: p, s1, s2, s3, x (cluster main)");
  EXPECT_EQ(ChooseServer(clusters, "mian", "s1").error().message,
            "unknown cluster 'mian'; known: main, other");
  EXPECT_EQ(ChooseClusters(clusters, "")->size(), 2U);
}

}  // namespace
}  // namespace pgrepl::report
