// What a server refuses, lacks or takes too long for.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/agenda.h"

#include "collectors/slots.h"
#include "tests/exporter/collect/scheduler_fixture.h"

namespace pgrepl {
namespace {

using AgendaOnServersTest = SchedulerTest;

TEST_F(AgendaOnServersTest, CollectorWithoutRightsFailsAloneAndSaysSo) {
  admin_.Execute("CREATE ROLE nobody LOGIN PASSWORD 'p'");
  Watch({OptionsOf(PrimaryConninfo() + " user=nobody password=p")});
  const ServerSnapshotPtr snapshot = published_.WaitFor(0, [](const ServerSnapshot& now) {
    return now.Of(CollectorId::kSenders).run.ran && now.Of(CollectorId::kArchiveBacklog).run.ran;
  });
  ASSERT_TRUE(snapshot);
  EXPECT_TRUE(snapshot->up);
  EXPECT_FALSE(Succeeded(*snapshot, CollectorId::kSenders));
  EXPECT_FALSE(Succeeded(*snapshot, CollectorId::kArchiveBacklog));
  EXPECT_EQ(snapshot->Of(CollectorId::kSenders).fact, nullptr);
  EXPECT_TRUE(Succeeded(*snapshot, CollectorId::kLag));
  EXPECT_TRUE(Succeeded(*snapshot, CollectorId::kServer));
  scheduler_.reset();
  EXPECT_TRUE(
      admin_.WaitFor("SELECT count(*) FROM pg_stat_activity WHERE usename = 'nobody'", "0"));
  admin_.Execute("DROP ROLE nobody");
}

// Each error a server's log gets is a transaction that it rolled back.
TEST_F(AgendaOnServersTest, LessRightsLeaveNoErrors) {
  admin_.Execute("CREATE ROLE nobody LOGIN PASSWORD 'p'");
  const std::string before = admin_.Value(kRollbacks);
  SessionOptions options = OptionsOf(PrimaryConninfo() + " user=nobody password=p");
  options.archive_directory = "/somewhere/else";
  Watch({options});
  const ServerSnapshotPtr snapshot = published_.WaitFor(0, [](const ServerSnapshot& now) {
    return now.Of(CollectorId::kWal).run.ran && now.Of(CollectorId::kArchiveBacklog).run.ran &&
           now.Of(CollectorId::kArchiveDirectory).run.ran;
  });
  ASSERT_TRUE(snapshot);
  for (const CollectorId id :
       {CollectorId::kWal, CollectorId::kArchiveBacklog, CollectorId::kArchiveDirectory}) {
    EXPECT_EQ(snapshot->Of(id).run.failure, RunFailure::kInsufficientPrivilege);
  }
  // What is granted later is seen without another connection.
  admin_.Execute("GRANT pg_monitor TO nobody");
  EXPECT_TRUE(published_.WaitFor(0, [](const ServerSnapshot& now) {
    return Succeeded(now, CollectorId::kWal) && Succeeded(now, CollectorId::kArchiveBacklog);
  }));
  EXPECT_EQ(connections_, 1);
  EXPECT_EQ(EndAndCountRollbacks(), before);
  admin_.Execute("DROP ROLE nobody");
}

TEST_F(AgendaOnServersTest, ServerThatLacksWhatItsVersionHasIsAskedAsAnOlderOne) {
  const std::string patch =
      "SET allow_system_table_mods = on;"
      "ALTER VIEW pg_replication_slots RENAME COLUMN safe_wal_size TO patched_away;"
      "ALTER FUNCTION pg_ls_waldir() RENAME TO pg_patched_away";
  const std::string mend =
      "SET allow_system_table_mods = on;"
      "ALTER VIEW pg_replication_slots RENAME COLUMN patched_away TO safe_wal_size;"
      "ALTER FUNCTION pg_patched_away() RENAME TO pg_ls_waldir";
  if (std::stoi(admin_.Value("SHOW server_version_num")) < PgVersion(13)) {
    GTEST_SKIP() << "12 knows no other statement, and patches only after a restart";
  }
  admin_.Execute(patch);
  const std::string before = admin_.Value(kRollbacks);
  Watch({OptionsOf(PrimaryConninfo())});
  const ServerSnapshotPtr snapshot = published_.WaitFor(0, [](const ServerSnapshot& now) {
    return Succeeded(now, CollectorId::kSlots) && now.Of(CollectorId::kWal).run.ran;
  });
  // Some rounds, in which nothing fails once more.
  const int rounds = published_.count();
  while (published_.count() < rounds + 20) ASSERT_TRUE(published_.WaitFor(0, IsUp));
  const std::string after = EndAndCountRollbacks();
  admin_.Execute(mend);
  ASSERT_TRUE(snapshot);
  const auto& slots = *static_cast<const SlotsFact*>(snapshot->Of(CollectorId::kSlots).fact.get());
  ASSERT_EQ(slots.slots.size(), 1U);
  EXPECT_TRUE(slots.slots[0].retained_bytes);
  EXPECT_EQ(slots.slots[0].wal_status, "") << "12 had none";
  EXPECT_FALSE(Succeeded(*snapshot, CollectorId::kWal));
  EXPECT_EQ(snapshot->Of(CollectorId::kWal).run.failure, RunFailure::kMissing);
  EXPECT_EQ(std::stoi(after), std::stoi(before) + 1) << "the column, once on this connection";
}

/// pg_ls_waldir() takes its time, for as long as this lives.
class SlowListing {
 public:
  // `body` is PL/pgSQL that comes before it answers.
  explicit SlowListing(Admin& admin, const std::string& body) : admin_(admin) {
    admin_.Execute(
        "SET allow_system_table_mods = on;"
        "ALTER FUNCTION pg_ls_waldir() RENAME TO pg_quick_ls_waldir;"
        "CREATE FUNCTION pg_catalog.pg_ls_waldir(OUT name text, OUT size int8, "
        "OUT modification timestamptz) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN " +
        body + "; RETURN QUERY SELECT * FROM pg_catalog.pg_quick_ls_waldir(); END $$");
  }
  SlowListing(const SlowListing&) = delete;
  SlowListing& operator=(const SlowListing&) = delete;
  ~SlowListing() {
    admin_.Execute(
        "SET allow_system_table_mods = on; DROP FUNCTION pg_catalog.pg_ls_waldir();"
        "ALTER FUNCTION pg_quick_ls_waldir() RENAME TO pg_ls_waldir");
  }

 private:
  Admin& admin_;
};

TEST_F(AgendaOnServersTest, ListingThatTakesTooLongIsGivenUpBeforeAPulseWaitsForIt) {
  const SlowListing slow(admin_, "PERFORM pg_sleep(10)");
  const std::string before = admin_.Value(kRollbacks);
  Watch({OptionsOf(PrimaryConninfo())});
  const auto is_given_up = [](const ServerSnapshot& now) {
    EXPECT_TRUE(now.up);
    return now.Of(CollectorId::kWal).run.failure == RunFailure::kTimeout;
  };
  ASSERT_TRUE(published_.WaitFor(0, is_given_up));
  const Time begin = Now();
  const int rounds = published_.count();
  // Beyond a few slow intervals.
  while (Now() < begin + 1s) ASSERT_TRUE(published_.WaitFor(0, is_given_up));
  EXPECT_GT(published_.count(), rounds + 15) << "of twenty pulses";
  EXPECT_TRUE(published_.WaitFor(
      0, [](const ServerSnapshot& now) { return Succeeded(now, CollectorId::kArchiveBacklog); }));
  EXPECT_EQ(connections_, 1);
  EXPECT_EQ(std::stoi(EndAndCountRollbacks()), std::stoi(before) + 1) << "once, not each interval";
}

// The server looks for a cancel only after it has read the directory.
TEST_F(AgendaOnServersTest, ListingThatCannotBeEndedIsNotBegunAgainAtOnce) {
  const SlowListing slow(
      admin_,
      "BEGIN PERFORM pg_sleep(1); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(1); END");
  Watch({OptionsOf(PrimaryConninfo())});
  ASSERT_TRUE(published_.WaitFor(0, [](const ServerSnapshot& now) { return !now.up; }));
  const ServerSnapshotPtr back = published_.WaitFor(0, [](const ServerSnapshot& now) {
    return now.up && Succeeded(now, CollectorId::kSettings);
  });
  ASSERT_TRUE(back);
  EXPECT_EQ(back->Of(CollectorId::kWal).run.failure, RunFailure::kTimeout);
  const Time begin = Now();
  while (Now() < begin + 1s) {
    ASSERT_TRUE(published_.WaitFor(0, [](const ServerSnapshot& now) {
      EXPECT_TRUE(now.up);
      return true;
    }));
  }
  EXPECT_EQ(connections_, 1);
}

}  // namespace
}  // namespace pgrepl
