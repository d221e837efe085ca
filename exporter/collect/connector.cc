// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/connector.h"

#include <deque>
#include <iterator>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl {

// Outlives the Connector for as long as one of its threads does.
struct Connector::Shared {
  Mutex mutex;
  ConditionVariable wake;
  std::deque<Attempt> queue PGREPL_GUARDED_BY(mutex);
  bool stopping PGREPL_GUARDED_BY(mutex) = false;
  int running PGREPL_GUARDED_BY(mutex) = 0;

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
      Result<Connection> result = Connect(attempt.login, attempt.limits, attempt.per_host);
      Deliver(attempt, std::move(result));
    }
    MutexLock lock(mutex);
    --running;
    wake.notify_all();
  }
};

Connector::Connector() : shared_(std::make_shared<Shared>()) {}

void Connector::Grow(int threads) {
  MutexLock lock(shared_->mutex);
  while (std::ssize(threads_) < threads) {
    threads_.emplace_back([shared = shared_] { shared->Run(); });
    ++shared_->running;
  }
}

Connector::~Connector() { Stop(); }

// Threads are waited for to their very end, when what OpenSSL keeps for each is given back; but not
// while one hangs in a resolver.
bool Connector::Stop() {
  const bool ended = StopWorking();
  for (std::thread& thread : threads_) {
    if (ended) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  threads_.clear();
  return ended;
}

bool Connector::StopWorking() {
  MutexLock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->queue.clear();
  shared_->wake.notify_all();
  // Those that wait for work end at once.
  const Time deadline = Now() + std::chrono::milliseconds(200);
  while (shared_->running > 0 && Now() < deadline) {
    shared_->wake.wait_for(shared_->mutex, deadline - Now());
  }
  return shared_->running == 0;
}

void Connector::Submit(Attempt attempt) {
  MutexLock lock(shared_->mutex);
  shared_->queue.push_back(std::move(attempt));
  shared_->wake.notify_one();
}

}  // namespace pgrepl
