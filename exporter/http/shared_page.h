// A page that is dear to make: requests that come while it is made get the same one, and it is packed
// once for all of them. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/mutex.h"

namespace pgrepl::http {

/// A body that several answers share.
class SharedBody {
 public:
  explicit SharedBody(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Gzipped by whoever asks first, while the others wait; none as Gzip().
  [[nodiscard]] const std::optional<std::string>& Packed() const;
  /// The memory, for the next one.
  [[nodiscard]] std::string TakeText() && { return std::move(text_); }

 private:
  std::string text_;
  mutable std::once_flag packing_;
  mutable std::optional<std::string> packed_;
};

class SharedPage {
 public:
  /// Appends the page. One at a time, on the thread of the request that came first.
  using Render = std::function<void(std::string& out)>;

  explicit SharedPage(Render render) : render_(std::move(render)) {}

  std::shared_ptr<const SharedBody> Get();

 private:
  [[nodiscard]] std::shared_ptr<SharedBody> Make(std::shared_ptr<SharedBody> before) const;

  const Render render_;
  Mutex mutex_;
  ConditionVariable made_;
  bool making_ PGREPL_GUARDED_BY(mutex_) = false;
  int count_ PGREPL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<SharedBody> last_ PGREPL_GUARDED_BY(mutex_);  ///< nullptr: it could not be made
};

}  // namespace pgrepl::http
