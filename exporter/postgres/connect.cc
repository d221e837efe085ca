// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/connect.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "exporter/postgres/password.h"

namespace pgrepl {
namespace {

std::int64_t Milliseconds(Duration duration) {
  return std::chrono::ceil<std::chrono::milliseconds>(duration).count();
}

// Our options come last, so that they win over those of the conninfo: what pins the session is
// not up to a configuration file.
std::string SessionOptions(const std::string& theirs, const SessionLimits& limits) {
  return fmt::format(
      "{} -c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout={} "
      "-c lock_timeout={} -c jit=off -c max_parallel_workers_per_gather=0",
      theirs, Milliseconds(limits.statement_timeout), Milliseconds(limits.lock_timeout));
}

void SetIfAbsent(Conninfo& conninfo, std::string_view keyword, std::string value) {
  if (conninfo.Get(keyword).empty()) conninfo.Set(keyword, std::move(value));
}

// What is set here wins over the environment and over a service file, of which we know only that
// there is one.
bool IsSaidElsewhere(const Conninfo& conninfo, const char* variable) {
  return !conninfo.Get("service").empty() || std::getenv("PGSERVICE") != nullptr ||  // NOLINT
         std::getenv(variable) != nullptr;                                           // NOLINT
}

Conninfo Prepare(Conninfo conninfo, const SessionLimits& limits) {
  conninfo.Set("client_encoding", "UTF8");
  conninfo.Set("options", SessionOptions(conninfo.Get("options"), limits));
  conninfo.Set("fallback_application_name", "pg_replication_exporter");
  // PostgreSQL's own default is the user's name, which the monitoring role has no database for.
  if (!IsSaidElsewhere(conninfo, "PGDATABASE")) SetIfAbsent(conninfo, "dbname", "postgres");
  // Without credentials it is only a lost round trip, and megabytes of Kerberos libraries' memory.
  if (!IsSaidElsewhere(conninfo, "PGGSSENCMODE")) SetIfAbsent(conninfo, "gssencmode", "disable");
  // A dead link must not look like a frozen server: the kernel gives up on unacknowledged bytes.
  SetIfAbsent(conninfo, "tcp_user_timeout", "10000");
  SetIfAbsent(conninfo, "keepalives_idle", "5");
  SetIfAbsent(conninfo, "keepalives_interval", "2");
  SetIfAbsent(conninfo, "keepalives_count", "3");
  return conninfo;
}

// With verbose errors libpq words a failed login "... FATAL:  28P01: message\nLOCATION: ...": the
// only way it hands out the SQLSTATE of one.
Error LoginError(std::string text) {
  Error error;
  const auto location = text.find("\nLOCATION:");
  if (location != std::string::npos) text.resize(location);
  for (std::size_t at = text.find(":  "); at != std::string::npos; at = text.find(":  ", at + 1)) {
    const std::string code = text.substr(at + 3, 5);
    if (code.size() == 5 && text.compare(at + 8, 2, ": ") == 0 &&
        std::all_of(code.begin(), code.end(),
                    [](unsigned char c) { return std::isdigit(c) || std::isupper(c); })) {
      error.sqlstate = code;
      text.erase(at + 3, 7);
      break;
    }
  }
  for (char c : text) error.message += c == '\n' ? ' ' : c;
  while (!error.message.empty() && error.message.back() == ' ') error.message.pop_back();
  return error;
}

Status PollUntilConnected(PGconn* conn, Time deadline) {
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return LoginError(PQerrorMessage(conn));
    pollfd poll_fd{.fd = PQsocket(conn),
                   .events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                   .revents = 0};
    const auto left = Milliseconds(deadline - Now());
    if (left <= 0 || poll(&poll_fd, 1, static_cast<int>(left)) == 0) {
      return Error{fmt::format("connection to server at \"{}\", port {}: timed out while {}",
                               PQhost(conn), PQport(conn),
                               PQstatus(conn) == CONNECTION_STARTED ? "connecting" : "logging in")};
    }
    state = PQconnectPoll(conn);
  }
  return Ok();
}

Result<Connection> ConnectHost(const Conninfo& conninfo, Time deadline) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : conninfo.parameters()) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PgConnPtr conn(PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0));
  if (!conn) return Error{"out of memory"};
  if (PQstatus(conn.get()) == CONNECTION_BAD) return LoginError(PQerrorMessage(conn.get()));
  // The default receiver writes the server's notices to our standard error.
  PQsetNoticeReceiver(
      conn.get(), [](void*, const PGresult*) {}, nullptr);
  PQsetErrorVerbosity(conn.get(), PQERRORS_VERBOSE);
  const Status connected = PollUntilConnected(conn.get(), deadline);
  if (!connected) return connected.error();
  PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(conn.get(), 1) != 0 || PQenterPipelineMode(conn.get()) != 1) {
    return Error{PQerrorMessage(conn.get())};
  }
  return Connection(std::move(conn));
}

Result<std::string> FindPassword(const Login& login, Time deadline) {
  if (!login.password_file.empty()) return ReadPasswordFile(login.password_file);
  if (!login.password_command.empty()) return RunPasswordCommand(login.password_command, deadline);
  return std::string();
}

}  // namespace

Result<Connection> Connect(const Login& login, const SessionLimits& limits, Duration per_host) {
  const Result<std::string> password = FindPassword(login, Now() + per_host);
  if (!password) return password.error();
  Conninfo conninfo = Prepare(login.conninfo, limits);
  if (!password->empty()) conninfo.Set("password", *password);
  Error last;
  for (const Conninfo& host : conninfo.Hosts()) {
    Result<Connection> connection = ConnectHost(host, Now() + per_host);
    if (connection) return connection;
    last = connection.error();
  }
  return last;
}

}  // namespace pgrepl
