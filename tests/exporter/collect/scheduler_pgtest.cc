// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <tuple>

#include "tests/exporter/collect/scheduler_fixture.h"
#include "tests/support/stranger.h"

namespace pgrepl {
namespace {

TEST_F(SchedulerTest, PublishesWhatItReadsOfEachServer) {
  Watch({OptionsOf(PrimaryConninfo()), OptionsOf(StandbyConninfo())});
  const auto complete = [](const ServerSnapshot& snapshot) {
    return snapshot.up && Succeeded(snapshot, CollectorId::kServer) &&
           Succeeded(snapshot, CollectorId::kArchiveBacklog);
  };
  const ServerSnapshotPtr primary = published_.WaitFor(0, complete);
  const ServerSnapshotPtr standby = published_.WaitFor(1, complete);
  ASSERT_TRUE(primary && standby);
  EXPECT_EQ(primary->role, Role::kPrimary);
  EXPECT_EQ(standby->role, Role::kStandby);
  EXPECT_EQ(primary->reason, UpReason::kOk);
  EXPECT_EQ(primary->message, "");
  EXPECT_EQ(primary->version_text, admin_.Value("SHOW server_version"));
  EXPECT_EQ(primary->address, "127.0.0.1:" + Conninfo::Parse(PrimaryConninfo())->Get("port"));
  for (const CollectorId id : {CollectorId::kLag, CollectorId::kSenders, CollectorId::kSlots,
                               CollectorId::kArchive, CollectorId::kArchiveBacklog}) {
    EXPECT_TRUE(Succeeded(*primary, id) && primary->Of(id).fact)
        << Collectors()[static_cast<std::size_t>(id)]->name;
    EXPECT_TRUE(Succeeded(*standby, id) && standby->Of(id).fact);
  }
  EXPECT_TRUE(Succeeded(*standby, CollectorId::kReceiver));
  // No statement fits: not run, rather than failed.
  EXPECT_FALSE(primary->Of(CollectorId::kReceiver).run.ran);
  EXPECT_FALSE(primary->Of(CollectorId::kArchiveDirectory).run.ran);
}

TEST_F(SchedulerTest, KeepsOneConnectionForAllItsPulses) {
  Watch({OptionsOf(PrimaryConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  const pid_t pid = SessionPid();
  const int before = published_.count();
  ASSERT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot&) { return true; }));
  while (published_.count() < before + 20) ASSERT_TRUE(published_.WaitFor(0, IsUp));
  EXPECT_EQ(SessionPid(), pid);
  EXPECT_EQ(connections_, 1);
  EXPECT_EQ(admin_.Value(kSessions), "1");
}

TEST_F(SchedulerTest, ANewConfigurationKeepsConnectionsAndFacts) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  Watch({options});
  ASSERT_TRUE(published_.WaitFor(
      0, [](const ServerSnapshot& now) { return Succeeded(now, CollectorId::kArchive); }));
  const pid_t pid = SessionPid();
  options.interval = 1h;
  options.collectors.Switch(static_cast<std::size_t>(CollectorId::kSlots), false);
  Configure({options, OptionsOf(StandbyConninfo())});
  EXPECT_TRUE(published_.WaitFor(1, IsUp)) << "the new one";
  const ServerSnapshotPtr kept = published_.WaitFor(0, IsUp);
  ASSERT_TRUE(kept);
  EXPECT_NE(kept->Of(CollectorId::kArchive).fact, nullptr);
  EXPECT_EQ(kept->Of(CollectorId::kSlots).fact, nullptr) << "it is off now";
  EXPECT_EQ(SessionPid(), pid);
  EXPECT_EQ(connections_, 2);
}

// Where a directory hangs, the thread that reads it is stuck.
TEST_F(SchedulerTest, ANewConfigurationReadsNoDirectoryAnew) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.wal_directory = "/tmp";
  options.interval = 1h;
  Watch({options});
  const auto is_read = [](const ServerSnapshot& now) {
    return Succeeded(now, CollectorId::kWalFilesystem);
  };
  const ServerSnapshotPtr before = published_.WaitFor(0, is_read);
  ASSERT_TRUE(before);
  options.connection_lifetime = 2h;
  Configure({options});
  const int count = published_.count();
  while (published_.count() < count + 10) ASSERT_TRUE(published_.WaitFor(0, is_read));
  const ServerSnapshotPtr after = published_.WaitFor(0, is_read);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->Of(CollectorId::kWalFilesystem).at, before->Of(CollectorId::kWalFilesystem).at);

  options.wal_directory = "/var";
  Configure({options});
  EXPECT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot& now) {
    return now.Of(CollectorId::kWalFilesystem).at > before->Of(CollectorId::kWalFilesystem).at;
  })) << "another directory is";
}

TEST_F(SchedulerTest, AnotherLoginIsAnotherConnectionInsteadOfTheOld) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  Watch({options});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  std::atomic<bool> was_down = false;
  options.login.conninfo.Set("fallback_application_name", "renamed");
  Configure({options});
  ASSERT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot& now) {
    if (!now.up) was_down = true;
    return connections_ == 2 && now.up;
  }));
  EXPECT_FALSE(was_down);
  EXPECT_TRUE(admin_.WaitFor(kSessions, "1"));
}

TEST_F(SchedulerTest, AServerThatIsNoLongerConfiguredIsLeft) {
  Watch({OptionsOf(PrimaryConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  Configure({});
  EXPECT_TRUE(admin_.WaitFor(kSessions, "0"));
}

TEST_F(SchedulerTest, DisabledCollectorsDoNotRun) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.collectors.Switch(static_cast<std::size_t>(CollectorId::kSlots), false);
  Watch({options});
  const ServerSnapshotPtr snapshot = published_.WaitFor(
      0, [](const ServerSnapshot& now) { return Succeeded(now, CollectorId::kArchive); });
  ASSERT_TRUE(snapshot);
  EXPECT_FALSE(snapshot->Of(CollectorId::kSlots).run.ran);
  EXPECT_EQ(snapshot->Of(CollectorId::kSlots).fact, nullptr);
}

// A frozen server answers on its old connection as soon as it thaws; no other is opened meanwhile.
TEST_F(SchedulerTest, FrozenServerIsDownForItsSilenceAndBackOnTheSameConnection) {
  Watch({OptionsOf(PrimaryConninfo()), OptionsOf(StandbyConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  ASSERT_TRUE(published_.WaitFor(1, IsUp));
  const pid_t pid = SessionPid();
  ASSERT_GT(pid, 0);
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  const ServerSnapshotPtr down =
      published_.WaitFor(0, [](const ServerSnapshot& now) { return !now.up; });
  EXPECT_TRUE(published_.WaitFor(1, IsUp)) << "the other server's pulse goes on";
  EXPECT_EQ(kill(pid, SIGCONT), 0);
  ASSERT_TRUE(down);
  EXPECT_EQ(down->reason, UpReason::kTimeout);
  EXPECT_EQ(down->role, Role::kPrimary) << "the last known";
  EXPECT_FALSE(Succeeded(*down, CollectorId::kLag));
  EXPECT_TRUE(published_.WaitFor(0, IsUp));
  EXPECT_EQ(SessionPid(), pid);
  EXPECT_EQ(connections_, 2);
}

TEST_F(SchedulerTest, SessionThatAnAdministratorEndsIsNoServerThatIsDown) {
  Watch({OptionsOf(PrimaryConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  std::atomic<bool> was_down = false;
  const std::string pid = std::to_string(SessionPid());
  admin_.Execute("SELECT pg_terminate_backend(" + pid + ")");
  ASSERT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot& now) {
    if (!now.up) was_down = true;
    return connections_ == 2 && now.up;
  }));
  EXPECT_FALSE(was_down);
}

TEST_F(SchedulerTest, SessionsThatEndWhenTheyHaveAnsweredAreNotOpenedAsFastAsThat) {
  admin_.Execute("ALTER ROLE pgrepl_monitor SET idle_session_timeout = '1ms'");
  Watch({OptionsOf(PrimaryConninfo())});
  EXPECT_TRUE(published_.WaitFor(0, IsUp));
  const int before = connections_;
  std::this_thread::sleep_for(2s);
  EXPECT_GE(connections_ - before, 3);
  EXPECT_LE(connections_ - before, 20);
  scheduler_.reset();
  admin_.Execute("ALTER ROLE pgrepl_monitor RESET idle_session_timeout");
}

TEST_F(SchedulerTest, ConnectionIsRenewedAfterItsLifetime) {
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.connection_lifetime = 200ms;
  Watch({options});
  ASSERT_TRUE(published_.WaitFor(0, IsUp));
  const pid_t first = SessionPid();
  ASSERT_TRUE(published_.WaitFor(0, [&](const ServerSnapshot& now) {
    EXPECT_TRUE(now.up);
    return connections_ >= 3;
  }));
  EXPECT_NE(SessionPid(), first);
}

TEST_F(SchedulerTest, ArchiveThatIsNotLocalIsReadThroughTheServer) {
  GrantFiles();
  SessionOptions options = OptionsOf(PrimaryConninfo());
  options.archive_directory = "pg_wal";  // relative to the server's data directory, not to ours
  Watch({options});
  const ServerSnapshotPtr snapshot = published_.WaitFor(
      0, [](const ServerSnapshot& now) { return Succeeded(now, CollectorId::kArchiveDirectory); });
  ASSERT_TRUE(snapshot);
  const auto* fact = static_cast<const ArchiveDirectoryFact*>(
      snapshot->Of(CollectorId::kArchiveDirectory).fact.get());
  EXPECT_EQ(std::to_string(fact->files), admin_.Value("SELECT count(*) FROM pg_ls_waldir()"));
  EXPECT_EQ(std::to_string(fact->bytes), admin_.Value("SELECT sum(size) FROM pg_ls_waldir()"));
  scheduler_.reset();
  RevokeFiles();
}

// There are two readers of one truth.
TEST_F(SchedulerTest, AnArchiveIsTheSameThroughTheServer) {
  namespace fs = std::filesystem;
  const fs::path folder = mkdtemp(std::string("/tmp/pgrepl-archive-XXXXXX").data());
  fs::permissions(folder, fs::perms::others_read | fs::perms::others_exec, fs::perm_options::add);
  const std::string segment = "00000002000000160000000";
  for (const std::string& name :
       {segment + "3", segment + "5.gz", segment + "5", segment + "9.zst.gpg",
        segment + "A.partial", segment + "B.tmp", segment + "C.gzip", segment + "D.gz.",
        segment + "E-2a.gz", "0" + segment + "1", segment, segment + "3.00000028.backup",
        std::string("00000003.history"), std::string("00000002000000160000000f"),
        std::string("000000010000001600000001")}) {
    std::ofstream(folder / name) << name;
  }
  GrantFiles();
  Connection connection = ConnectTo(PrimaryConninfo());
  const Collector& collector =
      *Collectors()[static_cast<std::size_t>(CollectorId::kArchiveDirectory)];
  const auto answers = Round(connection, {{collector.statements[0].sql, folder.string()}});
  const FactPtr decoded = collector.decode(collector, *answers.at(0)).value();
  const auto& told = *static_cast<const ArchiveDirectoryFact*>(decoded.get());
  const Result<ArchiveDirectoryFact> read = ReadArchiveDirectory(folder);
  RevokeFiles();
  fs::remove_all(folder);
  EXPECT_EQ(told.files, 15);
  EXPECT_EQ(told.oldest, segment + "3");
  EXPECT_EQ(told.newest, segment + "9");
  EXPECT_EQ(told.segments, 3);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::tie(read->files, read->bytes, read->oldest, read->newest, read->segments),
            std::tie(told.files, told.bytes, told.oldest, told.newest, told.segments));
}

// A full disk may be why.
TEST_F(SchedulerTest, RoomForWalIsKnownOfAServerThatIsDown) {
  const Stranger gone(Stranger::Manner::kRefuses);
  SessionOptions measured = OptionsOf(gone.conninfo() + " user=u");
  measured.wal_directory = "/tmp";
  SessionOptions unreadable = measured;
  unreadable.wal_directory = "/nowhere";
  Watch({measured, unreadable});
  const auto has_run = [](const ServerSnapshot& now) {
    return !now.up && now.Of(CollectorId::kWalFilesystem).run.ran;
  };
  for (int i = 0; i < 3; ++i) {
    const ServerSnapshotPtr snapshot = published_.WaitFor(0, has_run);
    ASSERT_TRUE(snapshot);
    EXPECT_TRUE(Succeeded(*snapshot, CollectorId::kWalFilesystem));
    EXPECT_LT(Now() - snapshot->Of(CollectorId::kWalFilesystem).at, 5s);
  }
  const ServerSnapshotPtr snapshot = published_.WaitFor(1, has_run);
  ASSERT_TRUE(snapshot);
  EXPECT_FALSE(Succeeded(*snapshot, CollectorId::kWalFilesystem));
  EXPECT_EQ(snapshot->Of(CollectorId::kWalFilesystem).fact, nullptr);
}

TEST_F(SchedulerTest, ServersThatCannotBeReachedSayWhyAndHoldUpNobody) {
  const Stranger gone(Stranger::Manner::kRefuses);
  const Stranger staring(Stranger::Manner::kStares);
  Watch({OptionsOf(gone.conninfo() + " user=u"), OptionsOf(staring.conninfo() + " user=u"),
         OptionsOf(PrimaryConninfo() + " password=wrong"), OptionsOf(PrimaryConninfo())});
  const auto is = [](UpReason reason) {
    return [reason](const ServerSnapshot& now) { return !now.up && now.reason == reason; };
  };
  EXPECT_TRUE(published_.WaitFor(3, IsUp));
  const ServerSnapshotPtr refused = published_.WaitFor(0, is(UpReason::kRefused));
  EXPECT_TRUE(published_.WaitFor(1, is(UpReason::kTimeout)));
  EXPECT_TRUE(published_.WaitFor(2, is(UpReason::kAuth)));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->role, std::nullopt);
  EXPECT_TRUE(refused->Of(CollectorId::kLag).run.ran) << "and failed, for all that we know";
  EXPECT_FALSE(Succeeded(*refused, CollectorId::kLag));
}

TEST_F(SchedulerTest, EndsAtOnceWhateverItsServersDo) {
  const Stranger staring(Stranger::Manner::kStares);
  Watch({OptionsOf(staring.conninfo() + " user=u"), OptionsOf(PrimaryConninfo())});
  ASSERT_TRUE(published_.WaitFor(1, IsUp));
  const pid_t pid = SessionPid();
  ASSERT_GT(pid, 0);
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  const Time begin = Now();
  scheduler_.reset();
  EXPECT_LT(Now() - begin, 1s);
  EXPECT_EQ(kill(pid, SIGCONT), 0);
}

// The last: there are two primaries after it.
TEST_F(SchedulerTest, PromotionIsSeenAtOnceAndLeavesNoErrors) {
  Admin standby(" port=" + Conninfo::Parse(StandbyConninfo())->Get("port"));
  const std::string errors =
      "SELECT xact_rollback FROM pg_stat_database WHERE datname = 'postgres'";
  const std::string before = standby.Value(errors);
  Watch({OptionsOf(StandbyConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, [](const ServerSnapshot& now) {
    return now.role == Role::kStandby && Succeeded(now, CollectorId::kReceiver);
  }));
  standby.Execute("SELECT pg_promote()");
  const ServerSnapshotPtr promoted =
      published_.WaitFor(0, [](const ServerSnapshot& now) { return now.role == Role::kPrimary; });
  ASSERT_TRUE(promoted);
  EXPECT_EQ(promoted->Of(CollectorId::kReceiver).fact, nullptr) << "of the role that it had";
  const auto* lag = static_cast<const PositionFact*>(promoted->Of(CollectorId::kLag).fact.get());
  ASSERT_NE(lag, nullptr) << "asked anew in the same round";
  EXPECT_TRUE(lag->flushed && lag->replayed);
  EXPECT_EQ(lag->timeline, 2);
  EXPECT_EQ(connections_, 1);
  // A session tells the statistics what it did once a second.
  std::this_thread::sleep_for(1500ms);
  scheduler_.reset();
  EXPECT_EQ(standby.Value(errors), before);
}

}  // namespace
}  // namespace pgrepl
