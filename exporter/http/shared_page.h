// A page that is dear to make: requests that come while it is made get the same one, and it is packed
// once for all of them. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl::http {

/// A body that several answers share.
class SharedBody {
 public:
  explicit SharedBody(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Gzipped by whoever asks first, while the others wait; none as Gzip().
  [[nodiscard]] const std::optional<std::string>& Packed() const;
  /// Its memory, for another one.
  [[nodiscard]] std::string TakeText() && { return std::move(text_); }

 private:
  std::string text_;
  mutable std::once_flag packing_;
  mutable std::optional<std::string> packed_;
};

class SharedPage {
 public:
  /// Appends the page. One at a time, on the thread of the request that came first; what it throws is
  /// that request's.
  using Render = std::function<void(std::string& out)>;

  explicit SharedPage(Render render) : render_(std::move(render)) {}

  std::shared_ptr<const SharedBody> Get();

 private:
  struct Making {
    bool ended = false;
    std::shared_ptr<const SharedBody> body;  ///< nullptr: it could not be made
  };
  /// The memory of a body that nobody reads any more.
  struct Spare {
    Mutex mutex;
    std::string text PGREPL_GUARDED_BY(mutex);
  };

  [[nodiscard]] std::shared_ptr<const SharedBody> Make() const;
  void End(std::shared_ptr<const SharedBody> body);

  const Render render_;
  const std::shared_ptr<Spare> spare_ = std::make_shared<Spare>();
  Mutex mutex_;
  ConditionVariable ended_;
  std::shared_ptr<Making> making_ PGREPL_GUARDED_BY(mutex_);  ///< nullptr: nobody makes one
};

}  // namespace pgrepl::http
