// What is dear to make is made once for all who ask meanwhile. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl::http {

template <typename Made>
class SingleFlight {
 public:
  /// One at a time, on the thread of who came first; what it throws is theirs alone.
  using Make = std::function<std::shared_ptr<const Made>()>;

  explicit SingleFlight(Make make) : make_(std::move(make)) {}

  std::shared_ptr<const Made> Get() {
    {
      MutexLock lock(mutex_);
      while (flight_) {
        const std::shared_ptr<Flight> theirs = flight_;
        while (!theirs->ended) ended_.wait(mutex_);
        if (theirs->made) return theirs->made;
      }
      flight_ = std::make_shared<Flight>();
    }
    try {
      std::shared_ptr<const Made> made = make_();
      End(made);
      return made;
    } catch (...) {
      End(nullptr);
      throw;
    }
  }

 private:
  struct Flight {
    bool ended = false;
    std::shared_ptr<const Made> made;  ///< nullptr: it could not be made
  };

  void End(std::shared_ptr<const Made> made) {
    MutexLock lock(mutex_);
    flight_->made = std::move(made);
    flight_->ended = true;
    flight_.reset();
    ended_.notify_all();
  }

  const Make make_;
  Mutex mutex_;
  ConditionVariable ended_;
  std::shared_ptr<Flight> flight_ PGREPL_GUARDED_BY(mutex_);  ///< nullptr: nobody makes one
};

}  // namespace pgrepl::http
