// A body that several answers share, in pieces that lie elsewhere: a page of a large fleet is sent from
// where its families were written.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgrepl::http {

/// Thread-safe.
class SharedBody {
 public:
  /// What the pieces point to must outlive it.
  explicit SharedBody(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {}

  [[nodiscard]] const std::vector<std::string_view>& pieces() const { return pieces_; }
  /// Gzipped by whoever asks first, while the others wait; none as Gzip().
  [[nodiscard]] const std::optional<std::string>& Packed() const;

 private:
  const std::vector<std::string_view> pieces_;
  mutable std::once_flag packing_;
  mutable std::optional<std::string> packed_;
};

}  // namespace pgrepl::http
