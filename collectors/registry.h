// All collectors, from collectors.def, in that order. An explicit list: nothing registers itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

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

}  // namespace pgrepl
