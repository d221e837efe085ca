// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "exporter/report/findings.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr const char* kOnIt = "On the server: ";

// What stands between the quotes after `before` in PostgreSQL's words; empty: it says no such thing.
std::string Quoted(std::string_view message, std::string_view before) {
  const auto at = message.find(std::string(before) + " \"");
  if (at == message.npos) return {};
  const std::string_view rest = message.substr(at + before.size() + 2);
  return Plain(rest.substr(0, rest.find('"')));
}

std::string HbaLine(std::string_view message) {
  const std::string host = Quoted(message, "for host"), user = Quoted(message, "user"),
                    database = Quoted(message, "database");
  if (host.empty() || host == "[local]") {
    return fmt::format("local  {}  {}  scram-sha-256", database, user);
  }
  const bool is_v6 = host.find(':') != host.npos;
  return fmt::format("host  {}  {}  {}/{}  scram-sha-256", database, user, host, is_v6 ? 128 : 32);
}

std::string MendHba(std::string_view message) {
  return "On the server, in pg_hba.conf (SHOW hba_file), above what would reject it, add\n" +
         HbaLine(message) + "\nand read it again:\nSELECT pg_reload_conf();";
}

std::string MendPassword(std::string_view message) {
  const std::string user = Quoted(message, "for user");
  return fmt::format(
      "Is the password that the configuration names (password_file, password_command) that of the "
      "role? To set it anew, by psql on the primary (a standby gets it from there):\n"
      "\\password {}",
      user.empty() ? "pgrepl_monitor" : user);
}

std::string MendRole(const std::string& role) {
  return fmt::format(
      "By psql on the primary, make the role {} (a standby gets it from there):\n"
      "\\i postgresql-ha/sql/monitoring_role.sql\n"
      "That one makes pgrepl_monitor; then give it a password:\n\\password pgrepl_monitor",
      role);
}

// PostgreSQL tells it without TLS, too, where an entry with TLS would have let us in.
bool IsOfHba(std::string_view message) {
  return message.find("no pg_hba.conf entry") != message.npos ||
         message.find("pg_hba.conf rejects") != message.npos;
}

std::string MendAuth(std::string_view message) {
  const std::string role = Quoted(message, "role");
  if (message.find("does not exist") != message.npos && !role.empty()) return MendRole(role);
  if (message.find("not permitted to log in") != message.npos) {
    return fmt::format("On the primary:\nALTER ROLE \"{}\" LOGIN;", role);
  }
  if (message.find("no password supplied") != message.npos) {
    return "The server wants a password and the configuration has none: give the server a "
           "password_file or a password_command there.";
  }
  if (message.find("password authentication failed") != message.npos) return MendPassword(message);
  return std::string(Hint(UpReason::kAuth));
}

std::string MendRefused(std::string_view message) {
  const std::string host = Quoted(message, "at");
  return fmt::format(
      "{}is it running, and does it listen{}?\n"
      "pg_lsclusters              (Debian; elsewhere: systemctl status postgresql)\n"
      "ss -ltnp | grep postgres\n"
      "Running, but on other addresses: on it, ALTER SYSTEM SET listen_addresses = '*'; and a "
      "restart. Else start it: pg_ctlcluster VERSION NAME start",
      kOnIt, host.empty() ? "" : " at " + host);
}

std::string MendTooMany() {
  return fmt::format(
      "{}who holds them?\n"
      "SELECT usename, application_name, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 "
      "ORDER BY 4 DESC;\n"
      "End what is idle, put a pooler before the clients, or raise it (on standbys first):\n"
      "ALTER SYSTEM SET max_connections = 200;",
      kOnIt);
}

std::string MendOther(std::string_view message) {
  const std::string database = Quoted(message, "database");
  if (!database.empty() && message.find("does not exist") != message.npos) {
    return "In the configuration, its conninfo: dbname=postgres, or another database that exists.";
  }
  return "The server's log says more: tail -n 50 /var/log/postgresql/postgresql-*.log";
}

std::string MendOf(const ServerView& server) {
  if (IsOfHba(server.message)) return MendHba(server.message);
  switch (server.reason) {
    case UpReason::kDns:
      return "From here: getent hosts NAME. Mend the name in the conninfo, DNS or /etc/hosts; or "
             "write hostaddr=ADDRESS.";
    case UpReason::kUnreachable:
    case UpReason::kTimeout:
      return "From here: ping, and nc -vz HOST PORT. Does a firewall on the way drop it? Does the "
             "machine run, and PostgreSQL on it (not frozen)?";
    case UpReason::kRefused:
      return MendRefused(server.message);
    case UpReason::kTls:
      return "sslmode, sslrootcert and the host name in the conninfo must fit the server's "
             "certificate. What it shows: openssl s_client -starttls postgres -connect HOST:PORT\n"
             "If the server has no TLS, on it: ALTER SYSTEM SET ssl = on; with ssl_cert_file and "
             "ssl_key_file, then SELECT pg_reload_conf();";
    case UpReason::kAuth:
      return MendAuth(server.message);
    case UpReason::kTooManyConnections:
      return MendTooMany();
    case UpReason::kStarting:
    case UpReason::kNotConsistent:
      return "Wait while it recovers: its log tells how far it is (redo in progress). A standby "
             "that never gets there lacks WAL: see its log.";
    case UpReason::kShuttingDown:
      return "Somebody stops it. A smart shutdown waits for clients to go; pg_ctl stop -m fast "
             "doesn't.";
    case UpReason::kOther:
      return MendOther(server.message);
    default:
      return std::string(Hint(server.reason));
  }
}

bool PassesByItself(UpReason reason) {
  return reason == UpReason::kStarting || reason == UpReason::kNotConsistent ||
         reason == UpReason::kShuttingDown || reason == UpReason::kHotStandbyOff;
}

std::string WhyOf(const ServerView& server) {
  std::string told = server.message.empty() ? "" : Plain(server.message) + ". ";
  if (server.role == Role::kPrimary) {
    return told + "It was the primary: if it is down for its clients as well, nobody can write.";
  }
  return told + "What can't be asked is only known as of then; it may be well for its clients.";
}

}  // namespace

void AddReach(const ClusterView& cluster, Findings& findings) {
  for (const ServerView& server : cluster.servers) {
    if (!server.configured || server.up) continue;
    const std::string name = Plain(server.name);
    if (!server.tried) {
      findings.push_back({Severity::kUnknown, "not_tried", name,
                          "connecting has neither succeeded nor failed yet",
                          "Something on the way swallows what is sent, or the resolver hangs.",
                          MendOf({.name = "", .reason = UpReason::kTimeout})});
      continue;
    }
    findings.push_back({PassesByItself(server.reason) ? Severity::kWarning : Severity::kCritical,
                        IsOfHba(server.message) ? "pg_hba" : Name(server.reason), name,
                        fmt::format("it can't be reached from here: {}", Name(server.reason)),
                        WhyOf(server), MendOf(server)});
  }
}

}  // namespace pgrepl::report
