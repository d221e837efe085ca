// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/up_reason.h"

#include <initializer_list>

namespace pgrepl {
namespace {

bool Says(std::string_view message, std::initializer_list<std::string_view> phrases) {
  for (const std::string_view phrase : phrases) {
    if (message.find(phrase) != std::string_view::npos) return true;
  }
  return false;
}

// 57P03 cannot_connect_now covers all of these; the text may be translated by lc_messages, then
// it reads as starting.
UpReason ClassifyCannotConnectNow(std::string_view message) {
  if (Says(message, {"Hot standby mode is disabled"})) return UpReason::kHotStandbyOff;
  if (Says(message, {"Consistent recovery state has not", "not yet accepting connections"})) {
    return UpReason::kNotConsistent;
  }
  if (Says(message, {"shutting down"})) return UpReason::kShuttingDown;
  return UpReason::kStarting;
}

UpReason ClassifyCode(std::string_view message, std::string_view sqlstate) {
  // PgBouncer refuses the startup parameter `options`, which pins our search_path and timeouts.
  if (Says(message, {"unsupported startup parameter"})) return UpReason::kPooler;
  if (sqlstate == "57P03") return ClassifyCannotConnectNow(message);
  if (sqlstate == "57P01" || sqlstate == "57P02") return UpReason::kShuttingDown;
  if (sqlstate == "53300") return UpReason::kTooManyConnections;
  if (sqlstate == "28000" && Says(message, {"SSL off", "no encryption"})) return UpReason::kTls;
  if (sqlstate.starts_with("28")) return UpReason::kAuth;
  if (sqlstate == "57014") return UpReason::kTimeout;
  return UpReason::kOther;
}

UpReason ClassifyWords(std::string_view message) {
  // Ours (password.h), with the system's words after them.
  if (Says(message, {"password file", "password_command"})) return UpReason::kAuth;
  if (Says(message, {"could not translate host name", "could not resolve"})) return UpReason::kDns;
  if (Says(message, {"timeout expired", "timed out"})) return UpReason::kTimeout;
  if (Says(message, {"Connection refused", "No such file or directory"})) {
    return UpReason::kRefused;
  }
  if (Says(message, {"No route to host", "unreachable", "Cannot assign requested address"})) {
    return UpReason::kUnreachable;
  }
  if (Says(message, {"invalid response to SSL negotiation", "expected authentication request",
                     "invalid authentication request", "unexpected message from server",
                     "unexpected response from server", "received unexpected"})) {
    return UpReason::kNotPostgres;
  }
  if (Says(message, {"SSL", "certificate", "TLS", "private key"})) return UpReason::kTls;
  if (Says(message, {"password", "authentication", "SASL", "SCRAM", "GSSAPI", "SSPI"})) {
    return UpReason::kAuth;
  }
  // Words of servers that give no code to libpq before 14's message format.
  if (Says(message, {"starting up", "shutting down", "not accepting connections"})) {
    return ClassifyCannotConnectNow(message);
  }
  if (Says(message, {"too many clients", "remaining connection slots"})) {
    return UpReason::kTooManyConnections;
  }
  if (Says(message, {"Connection reset", "closed the connection", "Broken pipe"})) {
    return UpReason::kUnreachable;
  }
  return UpReason::kOther;
}

}  // namespace

UpReason Classify(std::string_view message, std::string_view sqlstate) {
  return sqlstate.size() == 5 ? ClassifyCode(message, sqlstate) : ClassifyWords(message);
}

std::string_view Hint(UpReason reason) {
  switch (reason) {
    case UpReason::kDns:
      return "Check the host name in the conninfo and this machine's resolver.";
    case UpReason::kRefused:
      return "Nothing listens there: is PostgreSQL started, and do host, port and "
             "listen_addresses agree?";
    case UpReason::kUnreachable:
    case UpReason::kTimeout:
      return "Check the route and firewalls from here to the server, and whether it is frozen.";
    case UpReason::kTls:
      return "Check sslmode, sslrootcert and the server's certificate.";
    case UpReason::kAuth:
      return "Check the role, its password source and the server's pg_hba.conf.";
    case UpReason::kTooManyConnections:
      return "The server's max_connections is used up; the exporter needs one.";
    case UpReason::kHotStandbyOff:
      return "Set hot_standby = on on that standby, else it can only be seen from its upstream.";
    case UpReason::kPooler:
      return "Connect to PostgreSQL itself: a pooler hides which server answers.";
    case UpReason::kNotPostgres:
      return "Something else listens on that port.";
    default:
      return "";
  }
}

}  // namespace pgrepl
