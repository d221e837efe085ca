// One session with one server, already logged in: non-blocking, in pipeline mode, remembering which
// statements it has prepared. One owner at a time: a connector thread makes it, then the scheduler
// thread has it for good. It does no waiting of its own: Pipeline drives it, the scheduler polls.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

struct pg_conn;

namespace pgrepl {

struct PgConnDeleter {
  void operator()(pg_conn* conn) const;
};
using PgConnPtr = std::unique_ptr<pg_conn, PgConnDeleter>;

class Connection {
 public:
  /// Takes a handle that is connected and was put into pipeline mode (see connect.h).
  explicit Connection(PgConnPtr handle) : handle_(std::move(handle)) {}

  [[nodiscard]] int socket() const;
  [[nodiscard]] int server_version() const;  ///< server_version_num
  [[nodiscard]] bool broken() const;         ///< libpq has given up on it

  /// The host or socket directory and the port in use, "10.0.0.1:5432".
  [[nodiscard]] std::string address() const;

  /// server_version as the server words it, "15.18 (Debian 15.18-0+deb12u1)".
  [[nodiscard]] std::string version_text() const;

  /// Whether our role is a superuser; nullopt: a pooler doesn't say.
  [[nodiscard]] std::optional<bool> is_superuser() const;

 private:
  friend class Pipeline;

  struct Prepared {
    std::string name;
    bool ready = false;  ///< the server has answered that it holds it
  };

  PgConnPtr handle_;
  std::unordered_map<std::string_view, Prepared> prepared_;  ///< by SQL, whose text outlives it
};

}  // namespace pgrepl
