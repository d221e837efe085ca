// Logging in where there is no PostgreSQL: what libpq says for real, and that it says it in time.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/connect.h"

#include <gtest/gtest.h>

#include "exporter/postgres/up_reason.h"
#include "tests/support/stranger.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using Manner = Stranger::Manner;

constexpr SessionLimits kLimits{.statement_timeout = 1s, .lock_timeout = 500ms};
constexpr Duration kPerHost = 300ms;
// What a loaded machine may add.
constexpr Duration kSlack = 5s;

Error FailToConnect(const Login& login, PendingLogins& pending) {
  const Result<Connection> connection = Connect(login, kLimits, kPerHost, pending);
  EXPECT_FALSE(connection);
  return connection ? Error{"connected"} : connection.error();
}

Error FailToConnect(const Login& login) {
  PendingLogins none;
  return FailToConnect(login, none);
}

Error FailToConnect(const std::string& conninfo) {
  return FailToConnect(Login{*Conninfo::Parse(conninfo + " user=u password=Zq9vXw7kPj"), "", ""});
}

std::string Reason(const std::string& conninfo) {
  const Error error = FailToConnect(conninfo);
  EXPECT_EQ(error.message.find("Zq9vXw7kPj"), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
  return std::string(Name(Classify(error.message, error.sqlstate)));
}

std::string ReasonOf(Manner manner, const std::string& answer = "", const char* more = "") {
  const Stranger stranger(manner, answer);
  return Reason(stranger.conninfo() + more);
}

TEST(ConnectTest, NobodyListens) {
  EXPECT_EQ(ReasonOf(Manner::kRefuses), "refused");
  EXPECT_EQ(Reason("host=/tmp/pgrepl-no-such-directory"), "refused");
}

TEST(ConnectTest, NameIsUnknown) { EXPECT_EQ(Reason("host=nowhere.invalid"), "dns"); }

TEST(ConnectTest, HangsUp) { EXPECT_EQ(ReasonOf(Manner::kHangsUp), "unreachable"); }

TEST(ConnectTest, SomethingElseListens) {
  const std::string http = "HTTP/1.1 400 Bad Request\r\n\r\n";
  EXPECT_EQ(ReasonOf(Manner::kAnswers, http), "not_postgres");
  EXPECT_EQ(ReasonOf(Manner::kAnswers, http, " sslmode=prefer"), "not_postgres");
  EXPECT_EQ(ReasonOf(Manner::kAnswers, "SSH-2.0-OpenSSH_9.2\r\n"), "not_postgres");
}

TEST(ConnectTest, TlsIsRefusedOrBroken) {
  EXPECT_EQ(ReasonOf(Manner::kAnswers, "N", " sslmode=require"), "tls");
  EXPECT_EQ(ReasonOf(Manner::kAnswers, "Snot a handshake", " sslmode=require"), "tls");
  EXPECT_EQ(ReasonOf(Manner::kAnswers, "S", " sslmode=verify-ca sslrootcert=/nowhere"), "tls");
}

TEST(ConnectTest, ServerRefusesWithACode) {
  const auto reason = [](const char* sqlstate, const char* message, const char* detail = "") {
    return ReasonOf(Manner::kAnswers, Refusal(sqlstate, message, detail));
  };
  EXPECT_EQ(reason("57P03", "the database system is starting up"), "starting");
  EXPECT_EQ(reason("57P03", "the database system is shutting down"), "shutting_down");
  EXPECT_EQ(reason("57P03", "the database system is not accepting connections",
                   "Hot standby mode is disabled."),
            "hot_standby_off");
  EXPECT_EQ(reason("57P03", "the database system is not yet accepting connections",
                   "Consistent recovery state has not been yet reached."),
            "not_consistent");
  EXPECT_EQ(reason("53300", "sorry, too many clients already"), "too_many_connections");
  EXPECT_EQ(reason("28P01", "password authentication failed for user \"u\""), "auth");
  EXPECT_EQ(reason("08P01", "unsupported startup parameter: options"), "pooler");
  EXPECT_EQ(reason("XX000", "cache lookup failed"), "other");
}

TEST(ConnectTest, ErrorHasTheServersCodeApartFromItsWords) {
  const Stranger stranger(Manner::kAnswers, Refusal("28P01", "a: b\nc:  12345: d"));
  const Error error = FailToConnect(stranger.conninfo());
  EXPECT_EQ(error.sqlstate, "28P01");
  EXPECT_EQ(error.message, "connection to server at \"127.0.0.1\", port " +
                               std::to_string(stranger.port()) +
                               " failed: FATAL:  a: b c:  12345: d");
}

TEST(ConnectTest, GivesUpAtTheDeadline) {
  for (const Manner manner : {Manner::kStares, Manner::kDrips}) {
    // A message of which the length says that there is always more to come.
    const Stranger stranger(manner, std::string("E\0\0\x10\0S", 6));
    const Time begin = Now();
    EXPECT_EQ(Reason(stranger.conninfo()), "timeout");
    EXPECT_GE(Now() - begin, kPerHost);
    EXPECT_LT(Now() - begin, kPerHost + kSlack);
  }
}

TEST(ConnectTest, TimeoutSaysWhereAndWhileDoingWhat) {
  const Stranger stranger(Manner::kStares);
  EXPECT_EQ(FailToConnect(stranger.conninfo()).message,
            "connection to server at \"127.0.0.1\", port " + std::to_string(stranger.port()) +
                ": timed out while logging in");
}

TEST(ConnectTest, EachHostHasADeadlineOfItsOwnAndTheLastOneIsTold) {
  const Stranger first(Manner::kStares);
  const Stranger second(Manner::kStares);
  const Stranger last(Manner::kAnswers, Refusal("57P03", "the database system is starting up"));
  const Time begin = Now();
  EXPECT_EQ(Reason("host=127.0.0.1,127.0.0.1,127.0.0.1 sslmode=disable port=" +
                   std::to_string(first.port()) + "," + std::to_string(second.port()) + "," +
                   std::to_string(last.port())),
            "starting");
  EXPECT_GE(Now() - begin, 2 * kPerHost);
  EXPECT_LT(Now() - begin, 2 * kPerHost + kSlack);
}

TEST(ConnectTest, LoginThatIsNotAnsweredIsWaitedForAgainAndIsTheOnlyOne) {
  const Stranger stranger(Manner::kStares);
  const Login login{*Conninfo::Parse(stranger.conninfo() + " user=u"), "", ""};
  PendingLogins pending;
  for (int i = 0; i < 4; ++i) {
    const Error error = FailToConnect(login, pending);
    EXPECT_EQ(Classify(error.message, error.sqlstate), UpReason::kTimeout);
  }
  EXPECT_EQ(stranger.clients(), 1);
}

TEST(ConnectTest, EndOfALoginThatWaitedIsNoAnswerToTheNextOne) {
  PendingLogins pending;
  const Stranger stranger(Manner::kStaresOnce,
                          Refusal("57P03", "the database system is starting up"));
  const Login login{*Conninfo::Parse(stranger.conninfo() + " user=u"), "", ""};
  const Error first = FailToConnect(login, pending);
  EXPECT_EQ(Classify(first.message, first.sqlstate), UpReason::kTimeout);
  const Error second = FailToConnect(login, pending);
  EXPECT_EQ(Classify(second.message, second.sqlstate), UpReason::kStarting);
  EXPECT_EQ(stranger.clients(), 2);
}

TEST(ConnectTest, NobodyIsWaitedForWhoDidNotTakeTheLoginUp) {
  PendingLogins pending;
  const Stranger stranger(Manner::kRefuses);
  FailToConnect({*Conninfo::Parse(stranger.conninfo() + " user=u"), "", ""}, pending);
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_FALSE(pending.front());
}

TEST(ConnectTest, WithoutItsPasswordNobodyIsAsked) {
  const Stranger stranger(Manner::kAnswers, Refusal("XX000", "asked"));
  const Conninfo conninfo = *Conninfo::Parse(stranger.conninfo() + " user=u");
  const Error file = FailToConnect(Login{conninfo, "/nowhere/password", ""});
  EXPECT_EQ(file.message, "cannot read password file /nowhere/password: No such file or directory");
  EXPECT_EQ(Classify(file.message, file.sqlstate), UpReason::kAuth);
  const Error command = FailToConnect(Login{conninfo, "", "sleep 60"});
  EXPECT_EQ(command.message, "password_command did not end in time and was killed");
  EXPECT_EQ(Classify(command.message, command.sqlstate), UpReason::kAuth);
}

}  // namespace
}  // namespace pgrepl
