// What lies in a WAL archive directory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/filesystem.h"

namespace pgrepl {

struct ArchiveDirectoryFact {
  std::int64_t files =
      0;  ///< WAL segments, plain or compressed, and backup, history and partial files
  std::int64_t bytes = 0;
  // The segments of the newest timeline of which there are some, each counted once.
  std::string oldest, newest;  ///< names as in pg_wal; empty: there are none
  std::int64_t segments = 0;
  std::optional<FilesystemFact> filesystem = {};  ///< that it lies on, if the path is local
};

/// The first 24 characters of the name of an archived segment, plain, compressed or encrypted; empty
/// for what else lies in an archive, also for a segment that is still being written.
std::string_view SegmentOf(std::string_view file_name);

}  // namespace pgrepl
