// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/connector.h"

#include <deque>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl {

// Outlives the Connector for as long as one of its threads does.
struct Connector::Shared {
  Mutex mutex;
  ConditionVariable wake;
  std::deque<Attempt> queue PGREPL_GUARDED_BY(mutex);
  bool stopping PGREPL_GUARDED_BY(mutex) = false;

  bool Take(Attempt& attempt) {
    MutexLock lock(mutex);
    while (queue.empty() && !stopping) wake.wait(mutex);
    if (stopping) return false;
    attempt = std::move(queue.front());
    queue.pop_front();
    return true;
  }

  // Under the lock, so that `done` cannot run once the Connector is gone.
  void Deliver(const Attempt& attempt, Result<Connection> result) {
    MutexLock lock(mutex);
    if (!stopping) attempt.done(std::move(result));
  }

  void Run() {
    Attempt attempt;
    while (Take(attempt)) {
      Result<Connection> result =
          Connect(attempt.login, attempt.limits, attempt.per_host, *attempt.pending);
      Deliver(attempt, std::move(result));
    }
  }
};

Connector::Connector() : shared_(std::make_shared<Shared>()) {}

void Connector::Grow(int threads) {
  for (; count_ < threads; ++count_) {
    threads_.Start([shared = shared_] { shared->Run(); });
  }
}

Connector::~Connector() { Stop(); }

bool Connector::Stop() {
  {
    MutexLock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->queue.clear();
    shared_->wake.notify_all();
  }
  return threads_.Join();
}

void Connector::Submit(Attempt attempt) {
  MutexLock lock(shared_->mutex);
  shared_->queue.push_back(std::move(attempt));
  shared_->wake.notify_one();
}

}  // namespace pgrepl
