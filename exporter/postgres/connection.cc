// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/connection.h"

#include <libpq-fe.h>

#include "exporter/postgres/rows.h"

namespace pgrepl {

void PgConnDeleter::operator()(pg_conn* conn) const { PQfinish(conn); }

int Connection::socket() const { return PQsocket(handle_.get()); }
int Connection::server_version() const { return PQserverVersion(handle_.get()); }
bool Connection::broken() const { return PQstatus(handle_.get()) == CONNECTION_BAD; }

std::string Connection::address() const {
  const char* host = PQhostaddr(handle_.get());
  if (host == nullptr || *host == '\0') host = PQhost(handle_.get());
  std::string text = host == nullptr ? "" : host;
  if (text.find(':') != std::string::npos) text = "[" + text + "]";
  return text + ":" + PQport(handle_.get());
}

std::string Connection::version_text() const {
  const char* text = PQparameterStatus(handle_.get(), "server_version");
  return text == nullptr ? "" : LabelText(text);
}

std::optional<bool> Connection::is_superuser() const {
  const char* text = PQparameterStatus(handle_.get(), "is_superuser");
  if (text == nullptr) return std::nullopt;
  return std::string_view(text) == "on";
}

}  // namespace pgrepl
