// What lies in a WAL archive directory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pgrepl {

struct ArchiveDirectoryFact {
  std::int64_t files =
      0;  ///< WAL segments, plain or compressed, and backup, history and partial files
  std::int64_t bytes = 0;
};

}  // namespace pgrepl
