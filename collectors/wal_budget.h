// The settings that bound the WAL which one server keeps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace pgrepl {

/// All in bytes.
struct WalBudgetFact {
  std::optional<std::int64_t> keep;       ///< wal_keep_size
  std::optional<std::int64_t> slot_keep;  ///< max_slot_wal_keep_size; nullopt: unlimited
  std::optional<std::int64_t> max_size;   ///< max_wal_size
  std::optional<std::int64_t> segment;    ///< wal_segment_size
};

}  // namespace pgrepl
