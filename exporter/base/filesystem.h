// The room on a file system: that of pg_wal, or of the archive.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pgrepl {

/// Bytes.
struct FilesystemFact {
  double size = 0;
  double avail = 0;  ///< to who isn't root, as PostgreSQL
};

}  // namespace pgrepl
