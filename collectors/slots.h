// The replication slots of one server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pgrepl {

struct Slot {
  std::string name;
  std::string type;  ///< physical, logical
  bool temporary = false;
  bool active = false;
  std::optional<double> retained_bytes;       ///< not for a lost slot: nothing is retained any more
  std::optional<double> safe_bytes;           ///< may be negative; not before WAL was reserved
  std::string wal_status;                     ///< empty when NULL or before 13
  std::optional<double> confirmed_lag_bytes;  ///< logical
  std::optional<double> inactive_seconds;     ///< 17+
};

struct SlotsFact {
  std::vector<Slot> slots;  ///< at most 1000
};

}  // namespace pgrepl
