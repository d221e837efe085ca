// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/purpose_findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/slots.h"
#include "collectors/sync.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using config::CheckFor;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// p, and s1 that keeps up and would lead.
struct Scene {
  ClusterView cluster = Example();
  SettingsFact of_p{.values = {100, 8, 10, 0, 64}, .wal_level = "logical", .rewind_possible = true};
  SettingsFact of_s1 = of_p;
  SlotsFact slots_p, slots_s1;
  SendersFact senders{{{.kind = SenderKind::kStandby, .sync_state = "sync"}}};
  SyncFact sync;
  ReceiverFact receiver{.slot_setting = "s1"};

  Scene() {
    cluster.servers.resize(2);
    s1().candidacy = Candidacy::kBest;
    s1().lag->seconds = 0.4;
    Fact(p(), CollectorId::kSettings, of_p);
    Fact(p(), CollectorId::kSlots, slots_p);
    Fact(p(), CollectorId::kSenders, senders);
    Fact(p(), CollectorId::kSync, sync);
    Fact(s1(), CollectorId::kSettings, of_s1);
    Fact(s1(), CollectorId::kSlots, slots_s1);
    Fact(s1(), CollectorId::kReceiver, receiver);
  }
  ServerView& p() { return ServerOf(cluster, "p"); }
  ServerView& s1() { return ServerOf(cluster, "s1"); }
  static void Fact(ServerView& server, CollectorId id, const auto& fact) {
    server.facts[static_cast<std::size_t>(id)] = &fact;
  }

  [[nodiscard]] std::vector<std::string> Found(CheckFor purpose) const {
    Findings findings;
    AddFor(purpose, cluster, findings);
    std::vector<std::string> found;
    for (const Finding& one : findings) {
      if (one.severity != Severity::kOk) found.push_back(one.server + " " + std::string(one.id));
    }
    return found;
  }
};

TEST(PurposeFindingsTest, AllIsSafe) {
  for (const CheckFor purpose :
       {CheckFor::kHealth, CheckFor::kSwitchover, CheckFor::kRestart, CheckFor::kUpgrade}) {
    EXPECT_THAT(Scene().Found(purpose), IsEmpty());
  }
}

TEST(PurposeFindingsTest, WhoLagsIsNotReadyForAnything) {
  Scene scene;
  scene.s1().lag->seconds = 30;
  for (const CheckFor purpose : {CheckFor::kSwitchover, CheckFor::kRestart, CheckFor::kUpgrade}) {
    EXPECT_THAT(scene.Found(purpose), ElementsAre("s1 not_caught_up"));
  }
  EXPECT_THAT(scene.Found(CheckFor::kHealth), IsEmpty());
}

TEST(PurposeFindingsTest, SlotsThatASwitchoverWouldLose) {
  Scene scene;
  scene.slots_p.slots = {{.name = "s1", .type = "physical"},
                         {.name = "s2", .type = "physical"},
                         {.name = "sub", .type = "logical", .failover = true}};
  EXPECT_THAT(scene.Found(CheckFor::kSwitchover),
              ElementsAre("p slot_missing_on_candidate", "p slot_would_be_lost"));
  scene.slots_s1.slots = {{.name = "s2", .type = "physical"},
                          {.name = "sub", .type = "logical", .synced = true}};
  EXPECT_THAT(scene.Found(CheckFor::kSwitchover), IsEmpty());
}

TEST(PurposeFindingsTest, SettingsOfTheOneThatWouldLead) {
  Scene scene;
  scene.of_s1.values = {200, 8, 0, 0, 64};
  scene.of_s1.wal_level = "replica";
  scene.of_p.rewind_possible = false;
  EXPECT_THAT(scene.Found(CheckFor::kSwitchover),
              ElementsAre("p setting_below_candidate", "s1 too_few_senders", "s1 wal_level_differs",
                          "p rewind_impossible"));
  scene.s1().candidacy = Candidacy::kPaused;
  EXPECT_THAT(scene.Found(CheckFor::kSwitchover), ElementsAre(" no_candidate"));
}

TEST(PurposeFindingsTest, WhatARestartWouldBreak) {
  Scene scene;
  scene.sync.requirement = {SyncMethod::kFirst, 1, {"s1"}};
  scene.senders.senders.push_back({.kind = SenderKind::kBackup});
  EXPECT_THAT(scene.Found(CheckFor::kRestart), ElementsAre("p backup_runs", "p no_spare_sync"));
  scene.senders.senders[1] = {.kind = SenderKind::kStandby, .sync_state = "potential"};
  EXPECT_THAT(scene.Found(CheckFor::kRestart), IsEmpty());
}

TEST(PurposeFindingsTest, SlotsThatAnUpgradeLeavesBehind) {
  Scene scene;
  scene.slots_p.slots = {{.name = "s1", .type = "physical"},
                         {.name = "kept", .type = "logical", .failover = false},
                         {.name = "old", .type = "logical"}};
  EXPECT_THAT(scene.Found(CheckFor::kUpgrade),
              ElementsAre("p slot_not_upgraded", "p slot_not_upgraded"));
}

}  // namespace
}  // namespace pgrepl::report
