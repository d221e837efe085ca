// The WAL that one server still has on disk.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

struct WalFact {
  double files = 0;  ///< segments, those prepared for later use among them
  double bytes = 0;
  std::optional<Lsn> oldest;  ///< start of the oldest segment kept, whatever its timeline
};

}  // namespace pgrepl
