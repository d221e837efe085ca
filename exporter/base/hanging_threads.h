// Threads whose work may hang for good where nobody can end it: in a resolver, on a file system that
// is away. They are waited for to their very end, when what OpenSSL keeps for each is given back,
// but not for long. One that is left alone ends by itself: so what its work touches belongs to it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "exporter/base/clock.h"

namespace pgrepl {

class HangingThreads {
 public:
  HangingThreads();
  /// As Join.
  ~HangingThreads();
  HangingThreads(const HangingThreads&) = delete;
  HangingThreads& operator=(const HangingThreads&) = delete;

  /// False when no thread can be started: there is a limit of them.
  [[nodiscard]] bool Start(std::function<void()> work);

  /// False when some still work after this time: they are left alone.
  bool Join(Duration patience = std::chrono::milliseconds(200));

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace pgrepl
