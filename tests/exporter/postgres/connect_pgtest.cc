// Logging in to a real server: what a session is like, and why there may be none.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/connect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exporter/postgres/up_reason.h"
#include "tests/support/live_postgres.h"
#include "tests/support/stranger.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

class ConnectTest : public LivePostgresTest {
 protected:
  // The primary's conninfo with some values replaced.
  static Conninfo With(std::initializer_list<std::pair<const char*, std::string>> values) {
    Conninfo conninfo = *Conninfo::Parse(PrimaryConninfo());
    for (const auto& [keyword, value] : values) conninfo.Set(keyword, value);
    return conninfo;
  }

  static std::string Port() { return With({}).Get("port"); }
  static std::string Password() { return With({}).Get("password"); }

  // "ok", or the label and the SQLSTATE of the refusal.
  static std::string Outcome(const Login& login) {
    const Result<Connection> connection = TryConnect(login);
    if (connection) return "ok";
    const Error& error = connection.error();
    EXPECT_EQ(error.message.find("LOCATION"), std::string::npos) << error.message;
    return std::string(Name(Classify(error.message, error.sqlstate))) + " " + error.sqlstate;
  }
  static std::string Outcome(const Conninfo& conninfo) { return Outcome(Login{conninfo, "", ""}); }

  static std::string Setting(Connection& connection, const std::string& name) {
    return Summary(Round(connection, {{"SELECT current_setting($1::text)", name}}).at(0));
  }
};

TEST_F(ConnectTest, SessionIsPinned) {
  Connection connection =
      ConnectTo(PrimaryConninfo(), {.statement_timeout = 1500ms, .lock_timeout = 500ms});
  EXPECT_EQ(Setting(connection, "search_path"), "1 row: pg_catalog");
  EXPECT_EQ(Setting(connection, "default_transaction_read_only"), "1 row: on");
  EXPECT_EQ(Setting(connection, "statement_timeout"), "1 row: 1500ms");
  EXPECT_EQ(Setting(connection, "lock_timeout"), "1 row: 500ms");
  EXPECT_EQ(Setting(connection, "client_encoding"), "1 row: UTF8");
  EXPECT_EQ(Setting(connection, "application_name"), "1 row: pg_replication_exporter");
  EXPECT_EQ(Setting(connection, "jit"), "1 row: off");
  EXPECT_EQ(Setting(connection, "max_parallel_workers_per_gather"), "1 row: 0");
}

TEST_F(ConnectTest, NobodyUnpinsIt) {
  Admin admin;
  admin.Execute("ALTER ROLE pgrepl_monitor SET search_path = public");
  admin.Execute("ALTER ROLE pgrepl_monitor SET statement_timeout = 0");
  admin.Execute("ALTER DATABASE postgres SET default_transaction_read_only = off");
  setenv("PGOPTIONS", "-c search_path=public", 1);
  Connection connection = ConnectTo(PrimaryConninfo() +
                                    " client_encoding=LATIN1 options='-c search_path=public -c "
                                    "statement_timeout=0 -c work_mem=1MB'");
  EXPECT_EQ(Setting(connection, "search_path"), "1 row: pg_catalog");
  EXPECT_EQ(Setting(connection, "statement_timeout"), "1 row: 5s");
  EXPECT_EQ(Setting(connection, "default_transaction_read_only"), "1 row: on");
  EXPECT_EQ(Setting(connection, "client_encoding"), "1 row: UTF8");
  EXPECT_EQ(Setting(connection, "work_mem"), "1 row: 1MB");
  unsetenv("PGOPTIONS");
  admin.Execute("ALTER ROLE pgrepl_monitor RESET ALL");
  admin.Execute("ALTER DATABASE postgres RESET ALL");
}

TEST_F(ConnectTest, SessionCannotWrite) {
  Connection connection = ConnectTo(PrimaryConninfo());
  EXPECT_THAT(Summaries(Round(connection, {{"CREATE TABLE public.t (n int)"},
                                           {"SELECT txid_current()"},
                                           {"SELECT nextval('pg_catalog.no_such_sequence')"}})),
              testing::ElementsAre("25006", testing::StartsWith("1 row"), "42P01"));
}

// Somebody else's functions of the same names must not be called by a role with rights.
TEST_F(ConnectTest, HostileFunctionsInPublicAreNotCalled) {
  Admin admin;
  admin.Execute(
      "CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE plpgsql AS "
      "$$BEGIN RAISE EXCEPTION 'hostile'; END$$");
  admin.Execute("CREATE VIEW public.pg_stat_archiver AS SELECT 'hostile' AS archived_count");
  admin.Execute("GRANT SELECT ON public.pg_stat_archiver TO public");
  admin.Execute("ALTER ROLE pgrepl_monitor SET search_path = public, pg_catalog");
  Connection connection = ConnectTo(PrimaryConninfo());
  EXPECT_THAT(Summaries(Round(connection, {{"SELECT pg_is_in_recovery()"},
                                           {"SELECT archived_count >= 0 FROM pg_stat_archiver"}})),
              testing::ElementsAre("1 row: f", "1 row: t"));
  // They would be called if the search path were not pinned.
  Round(connection, {{"SELECT set_config('search_path', 'public, pg_catalog', false)"}});
  EXPECT_EQ(Ask(connection, "SELECT (pg_is_in_recovery())"), "hostile");
  admin.Execute("ALTER ROLE pgrepl_monitor RESET ALL");
  admin.Execute("DROP FUNCTION public.pg_is_in_recovery(); DROP VIEW public.pg_stat_archiver");
}

TEST_F(ConnectTest, KnowsWhomItTalksTo) {
  const Connection connection = ConnectTo(PrimaryConninfo());
  Admin admin;
  EXPECT_EQ(connection.address(), "127.0.0.1:" + Port());
  EXPECT_EQ(std::to_string(connection.server_version()), admin.Value("SHOW server_version_num"));
  EXPECT_EQ(connection.version_text(), admin.Value("SHOW server_version"));
  EXPECT_FALSE(connection.broken());
}

TEST_F(ConnectTest, PasswordComesFromAFileOrACommandInsteadOfTheConninfo) {
  const Conninfo conninfo = With({{"password", "wrong"}});
  const std::filesystem::path file = "/tmp/pgrepl-connect-" + std::to_string(getpid());
  std::ofstream(file) << Password() << "\n";
  EXPECT_EQ(Outcome(Login{conninfo, file, ""}), "ok");
  EXPECT_EQ(Outcome(Login{conninfo, "", "echo " + Password()}), "ok");
  EXPECT_EQ(Outcome(Login{conninfo, "", "echo wrong"}), "auth 28P01");
  EXPECT_EQ(Outcome(conninfo), "auth 28P01");
  std::filesystem::remove(file);
}

TEST_F(ConnectTest, DatabaseIsPostgresUnlessSomebodySaysOtherwise) {
  const auto database = [](const Conninfo& conninfo) {
    Result<Connection> connection = TryConnect(Login{conninfo, "", ""});
    return connection ? Ask(*connection, "SELECT current_database()") : connection.error().message;
  };
  EXPECT_EQ(database(With({{"dbname", ""}})), "postgres");
  EXPECT_EQ(database(With({{"dbname", "template1"}})), "template1");
  setenv("PGDATABASE", "template1", 1);
  EXPECT_EQ(database(With({{"dbname", ""}})), "template1");
  unsetenv("PGDATABASE");

  const std::filesystem::path services = "/tmp/pgrepl-services-" + std::to_string(getpid());
  std::ofstream(services) << "[watched]\nhost=127.0.0.1\nport=" << Port()
                          << "\nuser=pgrepl_monitor\ndbname=template1\npassword=" << Password()
                          << "\n";
  setenv("PGSERVICEFILE", services.c_str(), 1);
  EXPECT_EQ(database(*Conninfo::Parse("service=watched")), "template1");
  EXPECT_EQ(database(*Conninfo::Parse("service=watched dbname=postgres")), "postgres");
  unsetenv("PGSERVICEFILE");
  std::filesystem::remove(services);
}

TEST_F(ConnectTest, EachRefusalHasItsReason) {
  Admin admin;
  admin.Execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'p'");
  admin.Execute("CREATE ROLE idler NOLOGIN PASSWORD 'p'");
  EXPECT_EQ(Outcome(With({{"password", "wrong"}})), "auth 28P01");
  EXPECT_EQ(Outcome(With({{"password", ""}})), "auth ");
  EXPECT_EQ(Outcome(With({{"user", "nobody_of_this_name"}})), "auth 28P01");
  EXPECT_EQ(Outcome(With({{"user", "idler"}, {"password", "p"}})), "auth 28000");
  EXPECT_EQ(Outcome(With({{"user", "crowded"}, {"password", "p"}})), "too_many_connections 53300");
  EXPECT_EQ(Outcome(With({{"dbname", "no_such_database"}})), "other 3D000");
  EXPECT_EQ(Outcome(With({{"options", "-c no_such_setting=1"}})), "other 42704");
  EXPECT_EQ(Outcome(With({{"requirepeer", "nobody"}, {"host", "/nowhere"}})), "refused ");
  admin.Execute("DROP ROLE crowded, idler");
}

TEST_F(ConnectTest, ServerWithoutTlsIsATlsReason) {
  if (Admin().Value("SHOW ssl") == "on") GTEST_SKIP() << "this one has TLS";
  EXPECT_EQ(Outcome(With({{"sslmode", "require"}})), "tls ");
}

TEST_F(ConnectTest, TakesTheFirstHostThatWorks) {
  const Stranger gone(Stranger::Manner::kRefuses);
  const Result<Connection> connection =
      TryConnect(Login{With({{"host", "nowhere.invalid,127.0.0.1,127.0.0.1"},
                             {"port", "1," + std::to_string(gone.port()) + "," + Port()}}),
                       "", ""});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ(connection->address(), "127.0.0.1:" + Port());
}

TEST_F(ConnectTest, TakesTheFirstHostOfTheWantedRole) {
  const std::string standby_port = Conninfo::Parse(StandbyConninfo())->Get("port");
  const auto find = [&](const char* attributes) {
    const Result<Connection> connection =
        TryConnect(Login{With({{"host", "127.0.0.1,127.0.0.1"},
                               {"port", standby_port + "," + Port()},
                               {"target_session_attrs", attributes}}),
                         "", ""});
    return connection ? connection->address() : connection.error().message;
  };
  EXPECT_EQ(find("any"), "127.0.0.1:" + standby_port);
  EXPECT_EQ(find("standby"), "127.0.0.1:" + standby_port);
  EXPECT_EQ(find("primary"), "127.0.0.1:" + Port());
  // Sessions of ours are read-only everywhere, by a setting that libpq would look at.
  EXPECT_EQ(find("read-write"), "127.0.0.1:" + Port());
  EXPECT_EQ(find("read-only"), "127.0.0.1:" + standby_port);
}

}  // namespace
}  // namespace pgrepl
