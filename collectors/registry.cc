// SPDX-License-Identifier: Apache-2.0
#include "collectors/registry.h"

#include <array>

namespace pgrepl {

#define COLLECTOR(stem, constant) extern const Collector constant;
#include "collectors/collectors.def"
#undef COLLECTOR

std::span<const Collector* const, kCollectorCount> Collectors() {
  static constexpr std::array<const Collector*, kCollectorCount> kAll = {
#define COLLECTOR(stem, constant) &constant,
#include "collectors/collectors.def"
#undef COLLECTOR
  };
  return kAll;
}

std::span<const std::string_view> CollectorNames() {
  static constexpr std::array<std::string_view, kCollectorCount> kNames = {
#define COLLECTOR(stem, constant) #stem,
#include "collectors/collectors.def"
#undef COLLECTOR
  };
  return kNames;
}

}  // namespace pgrepl
