// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "collectors/archive.h"
#include "collectors/slots.h"
#include "collectors/sync.h"
#include "collectors/wal.h"
#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// p and s1, nothing wrong with them; what is set to be known of them lives as long.
struct Scene {
  ClusterView cluster = Example();
  SettingsFact of_p{.values = {100, 8, 10, 0, 64}, .wal_level = "replica"}, of_s1 = of_p;
  SlotsFact slots;
  SendersFact senders{{{.kind = SenderKind::kStandby}}};
  ReceiverFact receiver{.conninfo_set = true};
  WalFact wal;
  PositionFact position{.pause_state = "not paused"};

  Scene() {
    cluster.servers.resize(2);
    cluster.expected_standbys = 1;
    s1().lag->seconds = 0.4;
    s1().lag->cause = LagCause::kNone;
    s1().receiver = ReceiverView{.up = true, .expected = true};
    s1().primary_settings = &of_p;
    s1().address = "10.0.0.2:5432";
    Fact(p(), CollectorId::kSettings, of_p);
    Fact(p(), CollectorId::kSlots, slots);
    Fact(p(), CollectorId::kSenders, senders);
    Fact(p(), CollectorId::kWal, wal);
    Fact(s1(), CollectorId::kSettings, of_s1);
    Fact(s1(), CollectorId::kReceiver, receiver);
    Fact(s1(), CollectorId::kLag, position);
  }
  ServerView& p() { return ServerOf(cluster, "p"); }
  ServerView& s1() { return ServerOf(cluster, "s1"); }
  void Cut() {
    s1().lag->connected = s1().lag->streaming = false;
    s1().receiver->up = false;
    cluster.expected_standbys = 0;  // else that is told as well
  }
  void Down(UpReason reason, std::string_view message) {
    p().up = false;
    p().reason = reason;
    p().message = message;
  }

  static void Fact(ServerView& server, CollectorId id, const auto& fact) {
    server.facts[static_cast<std::size_t>(id)] = &fact;
  }

  [[nodiscard]] std::vector<std::string> Found() const {
    std::vector<std::string> found;
    for (const Finding& one : FindingsOf(cluster)) {
      found.push_back(std::string(kSeverities[static_cast<std::size_t>(one.severity)]) + " " +
                      one.server + " " + std::string(one.id));
    }
    return found;
  }
  [[nodiscard]] std::string Mend(std::string_view id) const {
    const Findings all = FindingsOf(cluster);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.id == id; });
    return found == all.end() ? "nothing found" : found->mend;
  }
};

TEST(FindingsTest, NoneInHealth) { EXPECT_THAT(Scene().Found(), IsEmpty()); }

TEST(FindingsTest, EveryReasonToBeDownHasItsName) {
  for (const std::string_view reason : kUpReasons) {
    const auto at = static_cast<UpReason>(
        std::find(std::begin(kUpReasons), std::end(kUpReasons), reason) - std::begin(kUpReasons));
    if (at == UpReason::kOk) continue;
    Scene scene;
    scene.Down(at, "");
    EXPECT_THAT(scene.Found(), testing::Contains(HasSubstr(" p " + std::string(reason))));
    EXPECT_NE(scene.Mend(reason), "") << reason;
  }
}

TEST(FindingsTest, TheLineThatPgHbaLacks) {
  Scene scene;
  scene.Down(UpReason::kTls,
             "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  no pg_hba.conf entry "
             "for host \"10.0.0.9\", user \"mon\", database \"postgres\", no encryption");
  EXPECT_THAT(scene.Mend("pg_hba"),
              HasSubstr("\nhost  postgres  mon  10.0.0.9/32  scram-sha-256\n"));
  scene.Down(UpReason::kAuth,
             "FATAL:  pg_hba.conf rejects connection for host \"fd00::9\", user "
             "\"mon\", database \"x\", no encryption");
  EXPECT_THAT(scene.Mend("pg_hba"), HasSubstr("\nhost  x  mon  fd00::9/128  scram-sha-256\n"));
}

TEST(FindingsTest, WhatAuthenticationLacks) {
  Scene scene;
  scene.Down(UpReason::kAuth, "FATAL:  password authentication failed for user \"mon\"");
  EXPECT_THAT(scene.Mend("auth"), HasSubstr("\n\\password mon"));
  scene.Down(UpReason::kAuth, "FATAL:  role \"mon\" does not exist");
  EXPECT_THAT(scene.Mend("auth"), HasSubstr("monitoring_role.sql"));
  scene.Down(UpReason::kAuth, "fe_sendauth: no password supplied");
  EXPECT_THAT(scene.Mend("auth"), HasSubstr("password_file"));
}

TEST(FindingsTest, AReceiverThatDoesNotStart) {
  Scene scene;
  scene.Cut();
  EXPECT_THAT(scene.Found(), ElementsAre("critical s1 receiver_down"));
  EXPECT_THAT(scene.Mend("receiver_down"),
              HasSubstr("host  replication  replicator  10.0.0.2/32  scram-sha-256"));
  scene.receiver.slot_setting = "s1";
  EXPECT_THAT(scene.Found(), ElementsAre("critical s1 slot_missing"));
  EXPECT_EQ(scene.Mend("slot_missing"),
            "On p:\nSELECT pg_create_physical_replication_slot('s1', true);");
  scene.slots.slots.push_back({.name = "s1", .type = "physical"});
  scene.wal.oldest = Lsn{0x4000000};
  EXPECT_THAT(scene.Found(), ElementsAre("critical s1 wal_removed"));
  scene.wal.oldest = Lsn{0x2000000};
  scene.of_p.values[2] = 1;
  EXPECT_THAT(scene.Found(),
              ElementsAre("critical s1 no_sender_left", "warning p senders_used_up"));
  scene.receiver.conninfo_set = false;
  EXPECT_THAT(scene.Found(), testing::Contains("critical s1 no_conninfo"));
  scene.receiver.restore_command_set = true;
  EXPECT_THAT(scene.Found(), ElementsAre("warning p senders_used_up")) << "an archive feeds it";
}

TEST(FindingsTest, AReceiverOfAnotherTimelineOrOfAServerThatIsDown) {
  Scene scene;
  scene.Cut();
  scene.s1().timeline = 2;
  EXPECT_THAT(scene.Found(), ElementsAre("critical s1 timeline_ahead"));
  scene.s1().timeline = 1;
  scene.Down(UpReason::kRefused, "");
  EXPECT_THAT(scene.Found(), ElementsAre("critical p refused", "critical s1 upstream_down"));
}

TEST(FindingsTest, LagAboveItsLimitWithItsCause) {
  Scene scene;
  scene.s1().lag->seconds = 61;
  scene.s1().lag->cause = LagCause::kRecoveryConflict;
  EXPECT_THAT(scene.Found(), ElementsAre("warning s1 recovery_conflict"));
  EXPECT_THAT(scene.Mend("recovery_conflict"), HasSubstr("SELECT pg_terminate_backend(PID);"));
  scene.s1().lag->apply_delay = 60;
  EXPECT_THAT(scene.Found(), ElementsAre("ok s1 apply_delay"));
}

TEST(FindingsTest, APauseIsToldBeforeItLags) {
  Scene scene;
  scene.position.pause_state = "paused";
  EXPECT_THAT(scene.Found(), ElementsAre("warning s1 replay_paused"));
  scene.of_s1.values[0] = 90;
  EXPECT_THAT(scene.Found(), ElementsAre("critical s1 settings_too_low"));
  EXPECT_THAT(scene.Mend("settings_too_low"),
              HasSubstr("\nALTER SYSTEM SET max_connections = 100;"));
}

TEST(FindingsTest, Slots) {
  Scene scene;
  scene.of_p.max_replication_slots = 3;
  scene.slots.slots = {{.name = "idle", .retained_bytes = 3 << 20},
                       {.name = "gone", .wal_status = "lost"},
                       {.name = "near", .active = true, .wal_status = "unreserved"}};
  EXPECT_THAT(scene.Found(), ElementsAre("critical p slot_lost", "critical p slot_unreserved",
                                         "warning p slot_unused", "warning p no_slot_left"));
  EXPECT_THAT(scene.Mend("slot_unused"), HasSubstr("pg_drop_replication_slot('idle');"));
}

TEST(FindingsTest, OfAPrimary) {
  Scene scene;
  const ArchiveFact archive{.enabled = true, .failing = true};
  const SyncFact sync{.requirement = {SyncMethod::kFirst, 1, {"s9"}}, .commit_level = "on"};
  Scene::Fact(scene.p(), CollectorId::kArchive, archive);
  Scene::Fact(scene.p(), CollectorId::kSync, sync);
  scene.of_p.wal_level = "minimal";
  EXPECT_THAT(scene.Found(), ElementsAre("critical p wal_level", "critical p archiving_fails",
                                         "critical p commits_wait"));
  scene.senders.senders[0].sync_state = "sync";
  EXPECT_THAT(scene.Mend("commits_wait"), "nothing found");
}

TEST(FindingsTest, Members) {
  Scene scene;
  scene.cluster.primaries = 2;
  EXPECT_THAT(scene.Found(), ElementsAre("critical  split_brain"));
  scene.cluster.primaries = 0;
  EXPECT_THAT(scene.Found(), ElementsAre("critical  no_primary"));
  scene.cluster.primaries = 1;
  scene.cluster.expected_standbys = 2;
  EXPECT_THAT(scene.Found(), ElementsAre("warning  standbys_missing"));
  scene.s1().diverged = true;
  EXPECT_THAT(scene.Found(),
              ElementsAre("critical s1 timeline_diverged", "warning  standbys_missing"));
}

TEST(FindingsTest, WhatIsHiddenIsUnknown) {
  Scene scene;
  auto& run = scene.p().runs[static_cast<std::size_t>(CollectorId::kSenders)];
  run = {.ran = true, .failure = RunFailure::kInsufficientPrivilege};
  EXPECT_THAT(scene.Found(), ElementsAre("unknown p rights"));
  EXPECT_THAT(scene.Mend("rights"), HasSubstr("GRANT pg_monitor TO "));
  EXPECT_EQ(WorstOf(FindingsOf(scene.cluster)), Severity::kUnknown);
  scene.p().superuser = true;
  EXPECT_THAT(scene.Found(), ElementsAre("warning p superuser", "unknown p rights"));
  EXPECT_EQ(WorstOf(FindingsOf(scene.cluster)), Severity::kWarning);
}

// Ids are what programs know findings by.
TEST(FindingsTest, EveryIdIsInTheManual) {
  const std::filesystem::path root = PGREPL_SOURCE_DIR;
  std::stringstream manual;
  manual << std::ifstream(root / "docs/check.md").rdbuf();
  const std::regex id("(?:Severity::k\\w+,|Of\\(\\s*it,)\\s*\"([a-z_]+)\"");
  std::size_t ids = 0;
  for (const auto& file : std::filesystem::directory_iterator(root / "exporter/report")) {
    if (!file.path().filename().string().ends_with("_findings.cc")) continue;
    std::stringstream source;
    source << std::ifstream(file.path()).rdbuf();
    const std::string text = source.str();
    for (std::sregex_iterator at(text.begin(), text.end(), id), end; at != end; ++at, ++ids) {
      EXPECT_THAT(manual.str(), HasSubstr("`" + (*at)[1].str() + "`")) << file.path();
    }
  }
  EXPECT_GT(ids, 35u);
}

}  // namespace
}  // namespace pgrepl::report
