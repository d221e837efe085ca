// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/pipeline.h"

#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace pgrepl {
namespace {

std::string OneLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

Error ErrorOf(const PGresult* result) {
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  Error error{message != nullptr ? message : OneLine(PQresultErrorMessage(result)),
              sqlstate != nullptr ? sqlstate : ""};
  if (error.sqlstate == "42501") error.hint = "GRANT pg_monitor TO the exporter's role.";
  return error;
}

// While it lives, what is sent waits, to leave as one segment: libpq (before 17: always) sends at
// each sync. On a Unix socket it does nothing.
class Cork {
 public:
  explicit Cork(int socket) : socket_(socket) { Set(1); }
  ~Cork() { Set(0); }
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;

 private:
  void Set(int on) const { setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

  int socket_;
};

}  // namespace

// A sync ends no transaction that was begun, whether its statement failed or not.
bool Pipeline::Enqueue(const Query& query) {
  if (!query.rolled_back) return EnqueueQuery(query);
  return EnqueueCommand("BEGIN READ ONLY") && EnqueueQuery(query) && EnqueueCommand("ROLLBACK");
}

// Not prepared: it may come several times in one flush, before the server has said that it holds it.
bool Pipeline::EnqueueCommand(const char* sql) {
  PGconn* conn = connection_.handle_.get();
  if (PQsendQueryParams(conn, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) return false;
  pending_.push_back({.sql = sql, .is_asked = false});
  return PQpipelineSync(conn) == 1;
}

bool Pipeline::EnqueueQuery(const Query& query) {
  PGconn* conn = connection_.handle_.get();
  auto& prepared = connection_.prepared_[query.sql];
  if (prepared.name.empty()) {
    prepared.name = "pgrepl_" + std::to_string(connection_.prepared_.size());
  }
  if (!prepared.ready) {
    const std::string sql(query.sql);  // libpq takes no length
    if (PQsendPrepare(conn, prepared.name.c_str(), sql.c_str(), 0, nullptr) == 0) return false;
  }
  const char* value = query.parameter ? query.parameter->c_str() : nullptr;
  if (PQsendQueryPrepared(conn, prepared.name.c_str(), query.parameter ? 1 : 0, &value, nullptr,
                          nullptr, 0) == 0) {
    return false;
  }
  pending_.push_back({.sql = query.sql, .is_asked = true});
  return PQpipelineSync(conn) == 1;
}

Status Pipeline::Send(const std::vector<Query>& queries) {
  pending_.clear();
  results_.clear();
  current_ = 0;
  const Cork cork(connection_.socket());
  for (const Query& query : queries) {
    if (!Enqueue(query)) return Error{error()};
  }
  return Flush() ? Ok() : Status(Error{error()});
}

bool Pipeline::Flush() {
  const int unsent = PQflush(connection_.handle_.get());
  wants_write_ = unsent == 1;
  return unsent >= 0;
}

Pipeline::Progress Pipeline::Step() {
  PGconn* conn = connection_.handle_.get();
  if (PQconsumeInput(conn) == 0 || !Flush()) return Progress::kBroken;
  // PQgetResult gives nullptr between two queries and must not be called after the last sync.
  while (current_ < pending_.size() && PQisBusy(conn) == 0) {
    if (PgResultPtr result{PQgetResult(conn)}) Absorb(std::move(result));
    if (connection_.broken()) return Progress::kBroken;
  }
  if (current_ < pending_.size()) return Progress::kWaiting;
  Finish();
  return Progress::kDone;
}

void Pipeline::Absorb(PgResultPtr result) {
  Pending& pending = pending_[current_];
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC:
      ++current_;
      return;
    case PGRES_COMMAND_OK:
      if (pending.is_asked) connection_.prepared_[pending.sql].ready = true;
      return;
    case PGRES_TUPLES_OK:
      pending.rows.emplace(std::move(result));
      return;
    case PGRES_PIPELINE_ABORTED:
      return;
    default:
      pending.error = ErrorOf(result.get());
      // A pooler or DISCARD ALL took it away: prepare it anew next time.
      if (pending.error->sqlstate == "26000") connection_.prepared_[pending.sql].ready = false;
      return;
  }
}

void Pipeline::Finish() {
  for (Pending& pending : pending_) {
    if (!pending.is_asked) continue;
    if (pending.error) {
      results_.emplace_back(std::move(*pending.error));
    } else if (pending.rows) {
      results_.emplace_back(std::move(*pending.rows));
    } else {
      results_.emplace_back(Error{"the server answered without rows"});
    }
  }
  pending_.clear();
  current_ = 0;
}

std::string Pipeline::error() const { return OneLine(PQerrorMessage(connection_.handle_.get())); }

}  // namespace pgrepl
