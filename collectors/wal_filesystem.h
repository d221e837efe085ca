// The room on the file system that holds a server's pg_wal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pgrepl {

/// Bytes.
struct WalFilesystemFact {
  double size = 0;
  double avail = 0;  ///< to who isn't root, as PostgreSQL
};

}  // namespace pgrepl
