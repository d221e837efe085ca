// The types of the columns that each collector's statement answers, as its decoder reads them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "collectors/registry.h"

namespace pgrepl {

using Types = std::vector<std::string>;

// What each decoder reads, column by column. NULL in the place of a column that isn't there is text.
inline Types ExpectedTypes(CollectorId id, Role role) {
  switch (id) {
    case CollectorId::kServer:
      return {"text", "float8", "float8"};
    case CollectorId::kLag:
      return role == Role::kPrimary
                 ? Types{"pg_lsn", "int8", "NULL", "pg_lsn", "NULL", "NULL", "int4", "NULL", "NULL"}
                 : Types{"NULL",   "int8", "pg_lsn", "pg_lsn", "text",
                         "float8", "int4", "pg_lsn", "pg_lsn"};
    case CollectorId::kSenders:
      return {"int4",   "text",   "text",   "text",   "name",   "text",   "bool",
              "pg_lsn", "pg_lsn", "pg_lsn", "pg_lsn", "pg_lsn", "float8", "float8",
              "float8", "float8", "text",   "text",   "int4",   "int4"};
    case CollectorId::kReceiver:
      return {"int4", "text", "int4",   "pg_lsn", "float8", "float8", "float8",
              "text", "text", "int4",   "text",   "float8", "float8", "bool",
              "text", "bool", "pg_lsn", "pg_lsn", "pg_lsn"};
    case CollectorId::kRecovery:
      return {"bool", "bool", "text", "text", "float8"};
    case CollectorId::kConflicts:
      return {"bool", "float8", "int8", "int8", "int8", "int8", "int8", "int8"};
    case CollectorId::kSettings:
      return {"int8", "int8",   "int8", "int8",   "int8",   "int8", "float8",
              "text", "float8", "bool", "float8", "float8", "bool"};
    case CollectorId::kSlots:
      return {"name", "text", "name", "name", "bool", "bool", "float8", "float8", "pg_lsn", "int4",
              "int4", "text", "int8", "bool", "bool", "text", "bool",   "bool",   "float8"};
    case CollectorId::kDecoding:
      return {"text", "int8", "int8", "int8", "int8", "int8", "int8", "int8", "int8"};
    case CollectorId::kSubscriptions:
      return {"name", "name", "bool", "int8", "int8", "int8", "float8", "float8",
              "int8", "int8", "int8", "int8", "int8", "int8", "int8",   "text",
              "text", "text", "text", "text", "text", "text"};
    case CollectorId::kSync:
      return {"text", "text", "bool", "int4", "float8", "float8"};
    case CollectorId::kWal:
      return {"int8", "int8", "text", "int8"};
    case CollectorId::kArchive:
      return {"bool", "int8", "int8", "float8", "bool", "text", "int8", "float8", "float8"};
    case CollectorId::kArchiveBacklog:
      return {"int8", "float8"};
    case CollectorId::kArchiveDirectory:
      return {"int8", "int8", "text", "text", "int8"};
    case CollectorId::kPrefetch:
      return {"int8", "int8", "int8", "int8", "int8", "int8", "int4", "int4", "int4"};
    case CollectorId::kWalBudget:
      return {"int8", "int8", "int8", "int8"};
    case CollectorId::kCheckpoint:
      return {"float8", "float8", "float8", "int4",   "int8",
              "int8",   "int8",   "int8",   "pg_lsn", "float8"};
    case CollectorId::kBackup:
      return {"text", "int8", "int8"};
    case CollectorId::kWalFilesystem:
    case CollectorId::kOutlook:
    case CollectorId::kTopology:
    case CollectorId::kCount:
      break;
  }
  return {};
}

}  // namespace pgrepl
