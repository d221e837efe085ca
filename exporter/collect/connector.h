// Threads that log in to servers, since resolving names, password commands and service files may
// block. Each finished attempt is handed to `done` on a connector thread, with the Connection if it
// succeeded; from then on that belongs to whoever `done` gives it to.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "exporter/base/hanging_threads.h"
#include "exporter/base/result.h"
#include "exporter/postgres/connect.h"

namespace pgrepl {

class Connector {
 public:
  struct Attempt {
    Login login;
    SessionLimits limits;
    Duration per_host;
    std::shared_ptr<PendingLogins> pending;  ///< of the same server, with the same login
    std::function<void(Result<Connection>)> done;
  };

  explicit Connector(int threads) : Connector() { Grow(threads); }
  /// As Stop.
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// So many threads from now on, if there are fewer and more can be started. One thread calls this.
  void Grow(int threads);

  void Submit(Attempt attempt);

  /// Forgets what is queued; `done` is not called any more. False when a thread is still inside an
  /// attempt, as a resolver that hangs: it ends by itself, whenever that is.
  bool Stop();

 private:
  struct Shared;

  Connector();

  std::shared_ptr<Shared> shared_;
  HangingThreads threads_;
  int count_ = 0;  ///< of threads
};

}  // namespace pgrepl
