// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/hanging_threads.h"

#include <list>
#include <system_error>
#include <thread>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl {

// Outlives the HangingThreads for as long as one of its threads does.
struct HangingThreads::Shared {
  struct Worker {
    std::thread thread;
    bool ended = false;
  };

  Mutex mutex;
  ConditionVariable wake;
  std::list<Worker> workers PGREPL_GUARDED_BY(mutex);
  std::size_t running PGREPL_GUARDED_BY(mutex) = 0;

  void Ended(Worker& worker) {
    MutexLock lock(mutex);
    worker.ended = true;
    --running;
    wake.notify_all();
  }

  // Those that have ended touch nothing of ours any more.
  void Reap() PGREPL_REQUIRES(mutex) {
    std::erase_if(workers, [](Worker& worker) {
      if (worker.ended && worker.thread.joinable()) worker.thread.join();
      return worker.ended;
    });
  }
};

HangingThreads::HangingThreads() : shared_(std::make_shared<Shared>()) {}

HangingThreads::~HangingThreads() { Join(); }

bool HangingThreads::Start(std::function<void()> work) {
  MutexLock lock(shared_->mutex);
  shared_->Reap();
  auto& worker = shared_->workers.emplace_back();
  try {
    worker.thread = std::thread([shared = shared_, &worker, work = std::move(work)]() mutable {
      std::exchange(work, nullptr)();
      shared->Ended(worker);
    });
  } catch (const std::system_error&) {
    shared_->workers.pop_back();
    return false;
  }
  ++shared_->running;
  return true;
}

bool HangingThreads::Join(Duration patience) {
  MutexLock lock(shared_->mutex);
  const Time deadline = Now() + patience;
  while (shared_->running > 0 && Now() < deadline) {
    shared_->wake.wait_for(shared_->mutex, deadline - Now());
  }
  shared_->Reap();
  for (auto& worker : shared_->workers) {
    if (worker.thread.joinable()) worker.thread.detach();
  }
  return shared_->workers.empty();
}

}  // namespace pgrepl
