// SPDX-License-Identifier: Apache-2.0
#include "tests/support/live_postgres.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cstdlib>
#include <thread>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void Admin::Open() {
  session_.reset(PQconnectdb((FromEnvironment("PGREPL_TEST_ADMIN_CONNINFO") + other_).c_str()));
  PQsetNoticeReceiver(
      session_.get(), [](void*, const PGresult*) {}, nullptr);
}

std::string Admin::Value(const std::string& sql) {
  if (!session_) Open();
  const PgResultPtr result(PQexec(session_.get(), sql.c_str()));
  const auto status = PQresultStatus(result.get());
  EXPECT_TRUE(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
      << sql << ": " << PQerrorMessage(session_.get());
  return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

bool Admin::WaitFor(const std::string& sql, const std::string& expected) {
  for (const Time deadline = Now() + 10s; Now() < deadline; std::this_thread::sleep_for(5ms)) {
    // The server may be on its way down and up again.
    if (PQstatus(session_.get()) == CONNECTION_BAD) Open();
    const PgResultPtr result(PQexec(session_.get(), sql.c_str()));
    if (PQntuples(result.get()) == 1 && PQgetvalue(result.get(), 0, 0) == expected) return true;
  }
  return false;
}

void LivePostgresTest::SetUp() {
  if (PrimaryConninfo().empty()) {
    GTEST_SKIP() << "no server: run by python3 -m tests.live.with_postgres";
  }
}

std::string LivePostgresTest::PrimaryConninfo() { return FromEnvironment("PGREPL_TEST_CONNINFO"); }

std::string LivePostgresTest::StandbyConninfo() {
  return FromEnvironment("PGREPL_TEST_STANDBY_CONNINFO");
}

Login LivePostgresTest::LoginBy(const std::string& conninfo) {
  return {.conninfo = *Conninfo::Parse(conninfo), .password_file = "", .password_command = ""};
}

Result<Connection> LivePostgresTest::TryConnect(const Login& login, SessionLimits limits) {
  PendingLogins none;
  return Connect(login, limits, 10s, none);
}

Connection LivePostgresTest::ConnectTo(const std::string& conninfo, SessionLimits limits) {
  Result<Connection> connection = TryConnect(LoginBy(conninfo), limits);
  if (!connection) {
    ADD_FAILURE() << connection.error().message;
    std::abort();
  }
  return std::move(*connection);
}

Pipeline::Progress LivePostgresTest::Drive(Connection& connection, Pipeline& pipeline,
                                           Duration patience) {
  const Time deadline = Now() + patience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Now()).count();
    const int events = POLLIN | (pipeline.wants_write() ? POLLOUT : 0);
    pollfd polled{.fd = connection.socket(), .events = static_cast<short>(events), .revents = 0};
    if (left <= 0 || poll(&polled, 1, static_cast<int>(left)) == 0) {
      return Pipeline::Progress::kWaiting;
    }
    const Pipeline::Progress progress = pipeline.Step();
    if (progress != Pipeline::Progress::kWaiting) return progress;
  }
}

std::vector<Result<Rows>> LivePostgresTest::Round(Connection& connection,
                                                  const std::vector<Pipeline::Query>& queries) {
  Pipeline pipeline(connection);
  const Status sent = pipeline.Send(queries);
  if (!sent || Drive(connection, pipeline) != Pipeline::Progress::kDone) return {};
  return pipeline.Take();
}

std::string LivePostgresTest::Ask(Connection& connection, std::string_view sql) {
  const std::vector<Result<Rows>> results = Round(connection, {{sql}});
  if (results.empty()) return "broken";
  if (!results[0]) return results[0].error().message;
  return std::string((*results[0])[0].Text(0).value_or("NULL"));
}

std::string Summary(const Result<Rows>& result) {
  if (!result) return result.error().sqlstate;
  const std::string count =
      std::to_string(result->size()) + (result->size() == 1 ? " row" : " rows");
  if (result->size() == 0) return count;
  return count + ": " + std::string((*result)[0].Text(0).value_or("NULL"));
}

std::vector<std::string> Summaries(const std::vector<Result<Rows>>& results) {
  std::vector<std::string> out;
  for (const Result<Rows>& result : results) out.push_back(Summary(result));
  return out;
}

}  // namespace pgrepl
