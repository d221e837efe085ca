// The name of a WAL segment's file, "000000010000001600000003": 8 digits each of timeline, upper
// half of the position, and number within it (PostgreSQL's access/xlog_internal.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

struct WalFile {
  std::int64_t timeline = 0;
  Lsn start;
  Lsn end;  ///< start of the next

  /// nullopt for what else lies beside segments (.partial, .backup, .history), for a segment
  /// size that no server has, and for the segment that ends past the last position.
  static std::optional<WalFile> Parse(std::string_view name, std::int64_t segment_bytes);
};

}  // namespace pgrepl
