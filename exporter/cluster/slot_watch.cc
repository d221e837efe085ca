// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/slot_watch.h"

#include <utility>

namespace pgrepl::cluster {

void SlotWatch::See(const std::vector<Slot>& slots, Time at) {
  std::map<std::string, Seen> now;
  for (const Slot& slot : slots) {
    Seen& seen = now[slot.name] = {slot.active, slot.consumed, at};
    const auto known = seen_.find(slot.name);
    if (known == seen_.end()) continue;
    const Seen& before = known->second;
    // By a consumer that came and went between two looks. A slot that is lost loses its position.
    const bool moved = slot.consumed && slot.consumed != before.consumed;
    if (!before.active && !moved) seen.since = before.since;
  }
  seen_ = std::move(now);
}

std::optional<double> SlotWatch::InactiveSeconds(const Slot& slot, Time now) const {
  if (slot.active) return 0;
  const auto known = seen_.find(slot.name);
  if (known == seen_.end()) return std::nullopt;
  return Seconds(now - known->second.since);
}

}  // namespace pgrepl::cluster
