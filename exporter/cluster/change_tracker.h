// When a value was last seen to change, on the exporter's clock: how ages are told from times that
// belong to somebody else's clock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/base/clock.h"

namespace pgrepl::cluster {

template <typename T>
class ChangeTracker {
 public:
  void See(const T& value, Time at) {
    if (value_ == value) return;
    changed_ = value_.has_value();
    value_ = value;
    changed_at_ = at;
  }
  /// nullopt before the first value. The first counts as a change: its true age isn't known.
  [[nodiscard]] std::optional<Time> changed_at() const {
    return value_ ? std::optional<Time>(changed_at_) : std::nullopt;
  }
  /// More than one value was seen.
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  std::optional<T> value_;
  bool changed_ = false;
  Time changed_at_{};
};

}  // namespace pgrepl::cluster
