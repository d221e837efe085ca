// Every collector's statement on a real primary and a real standby, as the roles that ask it.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <atomic>
#include <map>
#include <thread>

#include "collectors/archive.h"
#include "collectors/recovery.h"
#include "collectors/registry.h"
#include "collectors/sync.h"
#include "collectors/wal.h"
#include "tests/collectors/expected_types.h"
#include "tests/support/exposition.h"
#include "tests/support/live_postgres.h"

namespace pgrepl {
namespace {

class StatementsTest : public LivePostgresTest {
 protected:
  static constexpr std::array<CollectorId, kCollectorCount> AllCollectors() {
    std::array<CollectorId, kCollectorCount> all{};
    for (std::size_t i = 0; i < kCollectorCount; ++i) all[i] = static_cast<CollectorId>(i);
    return all;
  }

  static std::string ConninfoOf(Role role) {
    return role == Role::kPrimary ? PrimaryConninfo() : StandbyConninfo();
  }

  static Pipeline::Query WithParameter(CollectorId id, std::string_view sql) {
    Pipeline::Query query{sql};
    if (Of(id).needs == Needs::kArchiveDirectory) query.parameter = "pg_wal";
    return query;
  }

  static std::optional<Pipeline::Query> QueryOf(CollectorId id, int version, Role role) {
    const Statement* statement = Choose(Of(id).statements, version, role);
    if (statement == nullptr) return std::nullopt;
    return WithParameter(id, statement->sql);
  }

  // As is asked before it runs.
  static bool MayRun(Connection& connection, CollectorId id, Role role) {
    const Statement* statement = Choose(Of(id).statements, connection.server_version(), role);
    if (statement->permission.empty()) return true;
    const auto answers = Round(connection, {WithParameter(id, statement->permission)});
    return (*answers.at(0))[0].Bool(0).value_or(false);
  }

  static FactPtr FactOf(Connection& connection, CollectorId id, Role role) {
    const auto answers = Round(connection, {*QueryOf(id, connection.server_version(), role)});
    return Decode(id, *answers.at(0)).value();
  }

  // How a statement ran, a line for each step of its plan.
  static std::string PlanOf(Connection& connection, CollectorId id, Role role) {
    const std::string sql = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " +
                            std::string(QueryOf(id, connection.server_version(), role)->sql);
    const auto answers = Round(connection, {{sql}});
    std::string plan;
    for (int i = 0; i < answers.at(0)->size(); ++i) {
      plan += std::string((*answers[0])[i].Text(0).value_or("")) + "\n";
    }
    return plan;
  }

  static std::string PortOf(const std::string& conninfo) {
    return " port=" + Conninfo::Parse(conninfo)->Get("port");
  }

  // Of every collector on a connection: "works", or why not; "without" what is hidden.
  static std::map<std::string_view, std::string> Outcomes(Connection& connection, Role planned) {
    std::map<std::string_view, std::string> outcomes;
    for (const CollectorId id : AllCollectors()) {
      const auto query = QueryOf(id, connection.server_version(), planned);
      if (!query) continue;
      outcomes[Of(id).name] = MayRun(connection, id, planned)
                                  ? OutcomeOf(id, Round(connection, {*query}).at(0))
                                  : "may not";
    }
    return outcomes;
  }

  static void GrantFiles() {
    Admin().Execute(
        "GRANT pg_read_server_files TO pgrepl_monitor;"
        "GRANT EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) TO pgrepl_monitor");
  }
  static void RevokeFiles() {
    Admin().Execute(
        "REVOKE pg_read_server_files FROM pgrepl_monitor;"
        "REVOKE EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) "
        "FROM pgrepl_monitor");
  }
};

// The types of a statement's columns; NULL for text that is a column's stand-in.
Types ActualTypes(PGconn* session, const Pipeline::Query& query, const Types& expected) {
  const char* value = query.parameter ? query.parameter->c_str() : nullptr;
  const PgResultPtr result(PQexecParams(session, std::string(query.sql).c_str(),
                                        query.parameter ? 1 : 0, nullptr, &value, nullptr, nullptr,
                                        0));
  EXPECT_EQ(PQresultStatus(result.get()), PGRES_TUPLES_OK) << PQerrorMessage(session);
  Types types;
  for (int column = 0; column < PQnfields(result.get()); ++column) {
    const std::string name =
        "SELECT typname FROM pg_type WHERE oid = " + std::to_string(PQftype(result.get(), column));
    const PgResultPtr named(PQexec(session, name.c_str()));
    types.emplace_back(PQgetvalue(named.get(), 0, 0));
    const auto at = static_cast<std::size_t>(column);
    const std::string& wanted = at < expected.size() ? expected[at] : types.back();
    bool null = types.back() == "text" && wanted != "text";
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      null = null && PQgetisnull(result.get(), row, column) != 0;
    }
    if (null) types.back() = wanted;
  }
  return types;
}

TEST_F(StatementsTest, ColumnsAreOfTheTypesThatDecodersRead) {
  GrantFiles();
  for (const Role role : {Role::kPrimary, Role::kStandby}) {
    const std::unique_ptr<PGconn, PgConnDeleter> session(PQconnectdb(ConninfoOf(role).c_str()));
    for (const CollectorId id : AllCollectors()) {
      SCOPED_TRACE(std::string(Of(id).name) + (role == Role::kPrimary ? " primary" : " standby"));
      const auto query = QueryOf(id, PQserverVersion(session.get()), role);
      if (!query) continue;
      const Types expected = ExpectedTypes(id, role);
      EXPECT_EQ(ActualTypes(session.get(), *query, expected), expected);
    }
  }
  RevokeFiles();
}

TEST_F(StatementsTest, AllWorkForTheMonitoringRole) {
  GrantFiles();
  for (const Role role : {Role::kPrimary, Role::kStandby}) {
    Connection connection = ConnectTo(ConninfoOf(role));
    for (const auto& [collector, outcome] : Outcomes(connection, role)) {
      EXPECT_EQ(outcome, "works") << collector;
    }
  }
  RevokeFiles();
}

// The archive's directory may be local to the exporter: reading it through the server is opt-in.
TEST_F(StatementsTest, MonitoringRoleReadsNoDirectoryWithoutAGrant) {
  Connection connection = ConnectTo(PrimaryConninfo());
  EXPECT_EQ(Outcomes(connection, Role::kPrimary)["archive_directory"], "may not");
}

TEST_F(StatementsTest, RoleWithoutRightsLosesOnlyWhatIsHiddenFromIt) {
  Admin admin;
  admin.Execute("CREATE ROLE nobody LOGIN PASSWORD 'p'");
  const std::string as_nobody = " user=nobody password=p";
  // Roles are replicated, too.
  ASSERT_TRUE(admin.WaitFor(
      "SELECT bool_and(replay_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication", "t"));
  using testing::Pair;
  Connection primary = ConnectTo(PrimaryConninfo() + as_nobody);
  EXPECT_THAT(Outcomes(primary, Role::kPrimary),
              testing::ElementsAre(
                  Pair("archive", "works"), Pair("archive_backlog", "may not"),
                  Pair("archive_directory", "may not"), Pair("backup", "works"),
                  Pair("checkpoint", "works"), Pair("decoding", "works"), Pair("lag", "works"),
                  Pair("senders", "42501"), Pair("server", "works"), Pair("settings", "works"),
                  Pair("slots", "works"), Pair("subscriptions", "works"), Pair("sync", "works"),
                  Pair("wal", "may not"), Pair("wal_budget", "works")));
  Connection standby = ConnectTo(StandbyConninfo() + as_nobody);
  EXPECT_THAT(Outcomes(standby, Role::kStandby),
              testing::ElementsAre(
                  Pair("archive", "works"), Pair("archive_backlog", "may not"),
                  Pair("archive_directory", "may not"), Pair("backup", "works"),
                  Pair("checkpoint", "works"), Pair("conflicts", "without 42501"),
                  Pair("decoding", "works"), Pair("lag", "works"), Pair("prefetch", "works"),
                  Pair("receiver", "without 42501"), Pair("recovery", "42501"),
                  Pair("senders", "works"), Pair("server", "works"), Pair("settings", "works"),
                  Pair("slots", "works"), Pair("wal", "may not"), Pair("wal_budget", "works")));
  admin.Execute("DROP ROLE nobody");
}

// A promotion may come between planning and running, and must leave no errors in the server's log.
TEST_F(StatementsTest, ThoseForAStandbyWorkOnAPrimary) {
  GrantFiles();
  Connection connection = ConnectTo(PrimaryConninfo());
  for (const auto& [collector, outcome] : Outcomes(connection, Role::kStandby)) {
    EXPECT_EQ(outcome, "works") << collector;
  }
  RevokeFiles();
}

// So may a demotion, while the server restarts.
TEST_F(StatementsTest, ThoseForAPrimaryWorkOnAStandby) {
  GrantFiles();
  Connection connection = ConnectTo(StandbyConninfo());
  for (const auto& [collector, outcome] : Outcomes(connection, Role::kPrimary)) {
    EXPECT_EQ(outcome, "works") << collector;
  }
  RevokeFiles();
}

TEST_F(StatementsTest, StandbysShowWhatTheyAre) {
  Connection primary = ConnectTo(PrimaryConninfo());
  Connection standby = ConnectTo(StandbyConninfo());
  const FactPtr senders = FactOf(primary, CollectorId::kSenders, Role::kPrimary);
  const Sender& sender = static_cast<const SendersFact*>(senders.get())->senders.at(0);
  EXPECT_EQ(sender.kind, SenderKind::kStandby);
  EXPECT_EQ(sender.application_name, "s1");
  EXPECT_EQ(sender.client_addr, "127.0.0.1");
  EXPECT_EQ(sender.state, "streaming");
  EXPECT_EQ(sender.slot_name, "s1");
  EXPECT_TRUE(sender.current && sender.sent && sender.replayed && sender.reply_time);

  const FactPtr receivers = FactOf(standby, CollectorId::kReceiver, Role::kStandby);
  const auto& receiver = *static_cast<const ReceiverFact*>(receivers.get());
  EXPECT_EQ(receiver.status, "streaming");
  EXPECT_EQ(receiver.slot_name, "s1");
  EXPECT_EQ(receiver.sender_host, "127.0.0.1");
  EXPECT_EQ(receiver.application_name, "s1");
  EXPECT_EQ(receiver.conninfo_set, true);
  EXPECT_EQ(receiver.slot_setting, "s1");
  EXPECT_EQ(receiver.restore_command_set, false);
  EXPECT_TRUE(receiver.present && receiver.start && receiver.written && receiver.flushed);

  for (auto* connection : {&primary, &standby}) {
    const Role role = connection == &primary ? Role::kPrimary : Role::kStandby;
    const FactPtr positions = FactOf(*connection, CollectorId::kLag, role);
    const auto& position = *static_cast<const PositionFact*>(positions.get());
    EXPECT_EQ(position.flushed.has_value(), role == Role::kPrimary);
    EXPECT_TRUE(position.snapshot);
    EXPECT_EQ(position.replayed.has_value(), role == Role::kStandby);
    EXPECT_EQ(position.pause_state, role == Role::kStandby ? "not paused" : "");
    EXPECT_EQ(position.timeline, 1);
    EXPECT_EQ(position.on_timeline.has_value(), role == Role::kStandby);
    if (position.on_timeline) {
      EXPECT_LE(*position.on_timeline, *position.replayed);
    }
  }
}

// So that an equal one proves that the standby lacks no transaction.
TEST_F(StatementsTest, AStandbyThatHasReplayedAllShowsThePrimarysSnapshot) {
  Connection primary = ConnectTo(PrimaryConninfo());
  Connection standby = ConnectTo(StandbyConninfo());
  const auto snapshot = [&](Connection& connection, Role role) {
    const FactPtr fact = FactOf(connection, CollectorId::kLag, role);
    return static_cast<const PositionFact*>(fact.get())->snapshot;
  };
  const auto before = snapshot(primary, Role::kPrimary);
  Admin admin;
  admin.Execute("CREATE TABLE IF NOT EXISTS snapshots ()");
  EXPECT_NE(snapshot(primary, Role::kPrimary), before);
  const auto is_equal = [&] {
    return snapshot(standby, Role::kStandby) == snapshot(primary, Role::kPrimary);
  };
  for (int i = 0; i < 100 && !is_equal(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(is_equal());
}

// It costs with the number of connections, and a pulse comes every second.
TEST_F(StatementsTest, ActivityIsNotReadWhileNothingWaits) {
  const auto unread = testing::AllOf(
      testing::HasSubstr("One-Time Filter"),
      testing::ContainsRegex("Function Scan on pg_stat_get_activity [a-z]* .never executed."));
  Connection primary = ConnectTo(PrimaryConninfo());
  EXPECT_THAT(PlanOf(primary, CollectorId::kSync, Role::kPrimary), unread);
  Connection standby = ConnectTo(StandbyConninfo());
  EXPECT_THAT(PlanOf(primary, CollectorId::kRecovery, Role::kStandby), unread) << "not in recovery";
  // The primary may be writing.
  std::string plan;
  for (int i = 0; i < 100 && !testing::Matches(unread)(plan); ++i) {
    plan = PlanOf(standby, CollectorId::kRecovery, Role::kStandby);
  }
  EXPECT_THAT(plan, unread);
}

TEST_F(StatementsTest, PausedReplayShowsWhatItWaitsFor) {
  Admin primary;
  Admin standby(PortOf(StandbyConninfo()));
  Connection connection = ConnectTo(StandbyConninfo());
  const bool tells = connection.server_version() >= PgVersion(13);
  standby.Execute("SELECT pg_wal_replay_pause()");
  primary.Execute("CREATE TABLE unreplayed ()");
  EXPECT_TRUE(standby.WaitFor(
      std::string("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn() AND ") +
          (tells ? "wait_event = 'RecoveryPause'" : "wait_event IS NULL") +
          " FROM pg_stat_activity WHERE backend_type = 'startup'",
      "t"));
  const FactPtr facts = FactOf(connection, CollectorId::kRecovery, Role::kStandby);
  const auto& fact = *static_cast<const RecoveryFact*>(facts.get());
  EXPECT_TRUE(fact.startup_seen);
  EXPECT_EQ(fact.wait_event_type, tells ? "IPC" : "");
  EXPECT_EQ(fact.wait_event, tells ? "RecoveryPause" : "");
  EXPECT_FALSE(fact.oldest_transaction) << "its own is none that a conflict waits for";
  standby.Execute("BEGIN");
  const FactPtr later = FactOf(connection, CollectorId::kRecovery, Role::kStandby);
  EXPECT_TRUE(static_cast<const RecoveryFact*>(later.get())->oldest_transaction);
  standby.Execute("COMMIT");
  standby.Execute("SELECT pg_wal_replay_resume()");
  primary.Execute("DROP TABLE unreplayed");
}

TEST_F(StatementsTest, CommitThatWaitsForAStandbyIsSeen) {
  Admin admin;
  admin.Execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody, \"no-one\")'");
  admin.Execute("SELECT pg_reload_conf()");
  // The first ones may be too early to wait.
  std::atomic<bool> seen = false;
  std::thread commits([&seen] {
    for (Admin other; !seen;) other.Execute("CREATE TABLE awaited (); DROP TABLE awaited");
  });
  EXPECT_TRUE(
      admin.WaitFor("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1"));
  seen = true;
  Connection connection = ConnectTo(PrimaryConninfo());
  const FactPtr facts = FactOf(connection, CollectorId::kSync, Role::kPrimary);
  const FactPtr later = FactOf(connection, CollectorId::kSync, Role::kPrimary);
  admin.Execute("ALTER SYSTEM RESET synchronous_standby_names");
  admin.Execute("SELECT pg_reload_conf()");
  commits.join();
  const auto& fact = *static_cast<const SyncFact*>(facts.get());
  EXPECT_EQ(fact.requirement, (SyncRequirement{SyncMethod::kAny, 1, {"nobody", "no-one"}}));
  EXPECT_EQ(fact.commit_level, "on");
  ASSERT_EQ(fact.waiters.size(), 1U);
  EXPECT_TRUE(fact.waiters[0].backend_start && fact.waiters[0].xact_start);
  EXPECT_EQ(static_cast<const SyncFact*>(later.get())->waiters, fact.waiters) << "the same wait";
}

TEST_F(StatementsTest, WalAndArchiveReachToWhereTheServerIs) {
  Admin admin;
  admin.Execute("CREATE TABLE written (); DROP TABLE written; SELECT pg_switch_wal()");
  ASSERT_TRUE(
      admin.WaitFor("SELECT last_archived_wal ~ '^[0-9A-F]{24}$' FROM pg_stat_archiver", "t"));
  Connection primary = ConnectTo(PrimaryConninfo());
  const FactPtr positions = FactOf(primary, CollectorId::kLag, Role::kPrimary);
  const Lsn flushed = *static_cast<const PositionFact*>(positions.get())->flushed;
  const FactPtr archives = FactOf(primary, CollectorId::kArchive, Role::kPrimary);
  const auto& archive = *static_cast<const ArchiveFact*>(archives.get());
  ASSERT_TRUE(archive.archived_end);
  EXPECT_LE(*archive.archived_end, flushed);
  const FactPtr files = FactOf(primary, CollectorId::kWal, Role::kPrimary);
  const auto& wal = *static_cast<const WalFact*>(files.get());
  EXPECT_GE(wal.files, 1);
  EXPECT_GE(wal.bytes, wal.files);
  ASSERT_TRUE(wal.oldest);
  EXPECT_LE(*wal.oldest, flushed);
}

}  // namespace
}  // namespace pgrepl
