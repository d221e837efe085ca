// Several statements in one flush over one Connection, a sync after each, so that one that fails
// harms no other. Statements are prepared at their first use. Passive: the owner polls the socket,
// asks wants_write(), and calls Step() when it is ready. One pipeline at a time per connection.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/postgres/connection.h"
#include "exporter/postgres/rows.h"

namespace pgrepl {

class Pipeline {
 public:
  struct Query {
    /// Zero-terminated, and outlives the connection: it is the key under which it stays prepared.
    std::string_view sql;
    std::optional<std::string> parameter = {};  ///< $1, sent as text
    /// In a transaction of its own, which is READ ONLY and rolled back: whatever SQL it is, it writes
    /// no row, and no setting of it stays in the session.
    bool rolled_back = false;
  };
  enum class Progress { kWaiting, kDone, kBroken };

  /// `connection` must outlive the pipeline.
  explicit Pipeline(Connection& connection) : connection_(connection) {}

  /// Queues all queries and starts to send them. Reads nothing: what came back unasked would be
  /// taken from the socket, and poll would never tell. An error means the connection is broken.
  Status Send(const std::vector<Query>& queries);

  /// Sends and reads what is possible without waiting.
  Progress Step();

  [[nodiscard]] bool wants_write() const { return wants_write_; }

  /// After kDone: one result per query, in order. An error has its SQLSTATE.
  std::vector<Result<Rows>> Take() { return std::move(results_); }

  /// Why it is broken.
  [[nodiscard]] std::string error() const;

 private:
  bool Enqueue(const Query& query);
  bool EnqueueQuery(const Query& query);
  bool EnqueueCommand(const char* sql);
  bool Flush();
  void Absorb(PgResultPtr result);
  void Finish();

  struct Pending {
    std::string_view sql;
    bool is_asked;  ///< by the caller, who gets its result
    std::optional<Rows> rows = {};
    std::optional<Error> error = {};
  };

  Connection& connection_;
  std::vector<Pending> pending_;
  std::size_t current_ = 0;  ///< the query whose results come next
  std::vector<Result<Rows>> results_;
  bool wants_write_ = false;
};

}  // namespace pgrepl
