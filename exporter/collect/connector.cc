// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/connector.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/base/mutex.h"

namespace pgrepl {

// Outlives the Connector for as long as one of its threads does.
struct Connector::Shared {
  Mutex mutex;
  ConditionVariable wake;
  std::deque<Attempt> queue PGREPL_GUARDED_BY(mutex);
  bool stopping PGREPL_GUARDED_BY(mutex) = false;

  std::optional<Attempt> Take() {
    MutexLock lock(mutex);
    while (queue.empty() && !stopping) wake.wait(mutex);
    if (stopping) return std::nullopt;
    Attempt attempt = std::move(queue.front());
    queue.pop_front();
    return attempt;
  }

  // Under the lock, so that `done` cannot run once the Connector is gone.
  void Deliver(const Attempt& attempt, Result<Connection> result) {
    MutexLock lock(mutex);
    if (!stopping) attempt.done(std::move(result));
  }

  // An idle thread holds no attempt: the login that is pending in it ends with its session.
  void Run() {
    while (const std::optional<Attempt> attempt = Take()) {
      Result<Connection> result =
          Connect(attempt->login, attempt->limits, attempt->per_host, *attempt->pending);
      Deliver(*attempt, std::move(result));
    }
  }
};

Connector::Connector() : shared_(std::make_shared<Shared>()) {}

void Connector::Grow(int threads) {
  for (; count_ < threads; ++count_) {
    if (threads_.Start([shared = shared_] { shared->Run(); })) continue;
    log::Warn("no more threads can be started to log in by", {{"threads", std::to_string(count_)}});
    return;
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
