// SPDX-License-Identifier: Apache-2.0
#include "collectors/registry.h"

#include <array>
#include <utility>

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

CollectorSet::CollectorSet()
    : all_(Collectors().begin(), Collectors().end()), is_on_(kCollectorCount, true) {}

void CollectorSet::Add(std::shared_ptr<const Collector> collector) {
  all_.push_back(collector.get());
  is_on_.push_back(true);
  added_.push_back(std::move(collector));
}

}  // namespace pgrepl
