// The replication slots of one server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

struct Slot {
  std::string name;
  std::string type;      ///< physical, logical
  std::string plugin;    ///< logical
  std::string database;  ///< logical
  bool temporary = false;
  bool active = false;
  std::optional<double> retained_bytes;       ///< not for a lost slot: nothing is retained any more
  std::optional<double> safe_bytes;           ///< may be negative; not before WAL was reserved
  std::string wal_status;                     ///< empty when NULL or before 13
  std::string invalidation_reason;            ///< none or a reason; empty before 17
  std::optional<double> confirmed_lag_bytes;  ///< logical
  std::optional<double> xmin_age;             ///< in transactions; not for a lost slot
  std::optional<double> catalog_xmin_age;     ///< in transactions; not for a lost slot
  std::optional<double> inactive_seconds;     ///< 17+; not while synced
  std::optional<Lsn> consumed;                ///< up to here its consumer needs no WAL
  std::optional<bool> two_phase;              ///< 14+
  std::optional<bool> conflicting;            ///< logical, 16+
  std::optional<bool> failover;               ///< 17+
  std::optional<bool> synced;              ///< 17+; a standby keeps it in step with its primary's
  std::optional<double> sync_age_seconds;  ///< of a synced one
};

struct SlotsFact {
  std::vector<Slot> slots;  ///< at most 1000
};

}  // namespace pgrepl
