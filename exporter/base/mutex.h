// std::mutex with the annotations that clang's thread-safety analysis checks (libstdc++'s has
// none). Usage: members carry PGREPL_GUARDED_BY(mutex_), functions PGREPL_REQUIRES(mutex_).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PGREPL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define PGREPL_THREAD_ATTRIBUTE(x)
#endif
#define PGREPL_GUARDED_BY(m) PGREPL_THREAD_ATTRIBUTE(guarded_by(m))
#define PGREPL_REQUIRES(m) PGREPL_THREAD_ATTRIBUTE(requires_capability(m))

namespace pgrepl {

class PGREPL_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() PGREPL_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() PGREPL_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class PGREPL_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PGREPL_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() PGREPL_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds.
using ConditionVariable = std::condition_variable_any;

}  // namespace pgrepl
