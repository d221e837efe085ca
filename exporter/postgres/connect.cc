// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/connect.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "exporter/postgres/password.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

// A little more than authentication_timeout is by default: the server gives up first, and then has
// nothing left of us.
constexpr Duration kKeepPending = 75s;

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

// Our sessions are read-only on every server: who asks for one that is or isn't means its role.
void AskForRole(Conninfo& conninfo) {
  const std::string asked = conninfo.Get("target_session_attrs");
  if (asked == "read-write") conninfo.Set("target_session_attrs", "primary");
  if (asked == "read-only") conninfo.Set("target_session_attrs", "standby");
}

Conninfo Prepare(Conninfo conninfo, const SessionLimits& limits) {
  conninfo.Set("client_encoding", "UTF8");
  conninfo.Set("options", SessionOptions(conninfo.Get("options"), limits));
  AskForRole(conninfo);
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
  // Libpq's hint stands on a line of its own, behind a tab.
  std::erase(text, '\t');
  for (const char c : text) error.message += c == '\n' ? ' ' : c;
  while (!error.message.empty() && error.message.back() == ' ') error.message.pop_back();
  return error;
}

Status PollUntilConnected(PendingLogin& login, Time deadline) {
  PGconn* const conn = login.handle.get();
  while (true) {
    pollfd poll_fd{.fd = PQsocket(conn),
                   .events = static_cast<short>(login.wants_write ? POLLOUT : POLLIN),
                   .revents = 0};
    const auto left = Milliseconds(deadline - Now());
    if (left <= 0 || poll(&poll_fd, 1, static_cast<int>(left)) == 0) {
      return Error{fmt::format("connection to server at \"{}\", port {}: timed out while {}",
                               PQhost(conn), PQport(conn),
                               PQstatus(conn) == CONNECTION_STARTED ? "connecting" : "logging in")};
    }
    const PostgresPollingStatusType state = PQconnectPoll(conn);
    if (state == PGRES_POLLING_OK) return Ok();
    if (state == PGRES_POLLING_FAILED) return LoginError(PQerrorMessage(conn));
    login.wants_write = state == PGRES_POLLING_WRITING;
  }
}

Result<PendingLogin> Begin(const Conninfo& conninfo) {
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
  return PendingLogin{.handle = std::move(conn), .since = Now()};
}

// Neither failed, nor still on its way to whoever listens there.
bool IsTakenUp(const PendingLogin& login) {
  const ConnStatusType status = PQstatus(login.handle.get());
  return status != CONNECTION_BAD && status != CONNECTION_STARTED;
}

Result<Connection> Finish(PgConnPtr conn) {
  PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(conn.get(), 1) != 0 || PQenterPipelineMode(conn.get()) != 1) {
    return Error{PQerrorMessage(conn.get())};
  }
  return Connection(std::move(conn));
}

Result<Connection> ConnectHost(const Conninfo& conninfo, Time deadline,
                               std::optional<PendingLogin>& pending) {
  if (pending && Now() - pending->since > kKeepPending) pending.reset();
  const bool is_old = pending.has_value();
  if (!is_old) {
    Result<PendingLogin> begun = Begin(conninfo);
    if (!begun) return begun.error();
    pending = std::move(*begun);
  }
  const Status connected = PollUntilConnected(*pending, deadline);
  if (connected) {
    PgConnPtr conn = std::move(pending->handle);
    pending.reset();
    return Finish(std::move(conn));
  }
  if (IsTakenUp(*pending)) return connected.error();
  pending.reset();
  // What became of an old one is old, and so was its password.
  if (is_old) return ConnectHost(conninfo, deadline, pending);
  return connected.error();
}

Result<std::string> FindPassword(const Login& login, Time deadline) {
  if (!login.password_file.empty()) return ReadPasswordFile(login.password_file);
  if (!login.password_command.empty()) return RunPasswordCommand(login.password_command, deadline);
  return std::string();
}

}  // namespace

Result<Connection> Connect(const Login& login, const SessionLimits& limits, Duration per_host,
                           PendingLogins& pending) {
  const Result<std::string> password = FindPassword(login, Now() + per_host);
  if (!password) return password.error();
  Conninfo conninfo = Prepare(login.conninfo, limits);
  if (!password->empty()) conninfo.Set("password", *password);
  const std::vector<Conninfo> hosts = conninfo.Hosts();
  pending.resize(hosts.size());
  Error last;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    Result<Connection> connection = ConnectHost(hosts[i], Now() + per_host, pending[i]);
    if (connection) {
      pending.clear();
      return connection;
    }
    last = connection.error();
  }
  return last;
}

}  // namespace pgrepl
