// Text that grows at its end and keeps its memory when it is cleared. Unlike std::string it hands out
// room that nobody has filled with zeros.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace pgrepl {

class TextBuffer {
 public:
  /// Where the next `count` bytes can be written; valid until the next call.
  char* Room(std::size_t count) {
    if (capacity_ - size_ < count) Grow(size_ + count);
    return bytes_.get() + size_;
  }
  /// All before `end`, which lies in the room that was given, is text now.
  void EndAt(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  void Clear() { size_ = 0; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  void Grow(std::size_t least) {
    const std::size_t capacity = std::max(least, capacity_ + capacity_ / 2);
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);  // NOLINT(*-avoid-c-arrays)
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;  // NOLINT(*-avoid-c-arrays)
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace pgrepl
