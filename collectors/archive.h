// WAL archiving of one server, and how far the archive reaches.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

struct ArchiveFact {
  bool enabled = false;
  double archived = 0;
  double failed = 0;
  std::optional<double> last_success, last_failure;  ///< epoch seconds, server's clock
  bool failing = false;
  /// Of last_archived_wal, where that is a segment: a .history or .backup file says nothing.
  std::optional<Lsn> archived_end;
  double timeout = 0;  ///< archive_timeout, seconds; 0: an idle primary archives nothing
};

}  // namespace pgrepl
