// Logging in: the one part that may block (name resolution, password files and commands, service
// files), so it runs on a connector thread and hands the finished Connection over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"
#include "exporter/postgres/connection.h"
#include "exporter/postgres/conninfo.h"

namespace pgrepl {

struct Login {
  Conninfo conninfo;
  std::string password_file;     ///< read at each connect, so that rotation needs no restart
  std::string password_command;  ///< run at each connect by /bin/sh

  bool operator==(const Login&) const = default;
};

/// Session settings: read-only, search_path pinned to pg_catalog, statement and lock timeouts.
struct SessionLimits {
  Duration statement_timeout;
  Duration lock_timeout;
};

/// A login that a server has taken up and not answered in time.
struct PendingLogin {
  PgConnPtr handle;
  Time since;
  bool wants_write = true;  ///< what libpq waits for; else to read
};

/// By the place of the host in the conninfo. A server that stands still, or whose catalogs are
/// locked, doesn't notice a client that leaves: another login would only stand beside the first.
/// So the next Connect waits on for the one that is there.
using PendingLogins = std::vector<std::optional<PendingLogin>>;

/// Tries the hosts one after the other, each until `per_host` has passed (resolving a name can
/// outlast it: getaddrinfo knows no deadline). The Error's message is libpq's, on one line, and
/// its SQLSTATE the server's; classify with up_reason.h. Any thread, but `pending` belongs to the
/// attempts of one server, which follow one another.
Result<Connection> Connect(const Login& login, const SessionLimits& limits, Duration per_host,
                           PendingLogins& pending);

}  // namespace pgrepl
