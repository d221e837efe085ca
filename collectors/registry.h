// All collectors: those of collectors.def, in that order, then what the configuration adds. Explicit
// lists: nothing registers itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/collector.h"

namespace pgrepl {

/// Index of each collector in Collectors(), for those whose facts the engine itself reads.
enum class CollectorId : std::size_t {
#define COLLECTOR(stem, constant) constant,
#include "collectors/collectors.def"
#undef COLLECTOR
  kCount,
};

inline constexpr std::size_t kCollectorCount = static_cast<std::size_t>(CollectorId::kCount);

std::span<const Collector* const, kCollectorCount> Collectors();
std::span<const std::string_view> CollectorNames();

/// The collectors of one exporter: first those of collectors.def, each on or off, then those that its
/// configuration adds. A copy shares what was added.
class CollectorSet {
 public:
  /// Those of collectors.def, all on.
  CollectorSet();

  void Switch(std::size_t index, bool on) { is_on_[index] = on; }
  void Add(std::shared_ptr<const Collector> collector);

  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] const Collector& operator[](std::size_t index) const { return *all_[index]; }
  [[nodiscard]] bool IsOn(std::size_t index) const { return is_on_[index]; }
  /// Those that are off as well, so that an index means the same in every set.
  [[nodiscard]] std::span<const Collector* const> all() const { return all_; }

  /// The very same collectors, and the same of them on.
  bool operator==(const CollectorSet& other) const {
    return all_ == other.all_ && is_on_ == other.is_on_;
  }

 private:
  std::vector<const Collector*> all_;
  std::vector<bool> is_on_;
  std::vector<std::shared_ptr<const Collector>> added_;  ///< keeps what all_ ends with
};

}  // namespace pgrepl
