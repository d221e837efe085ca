// Sizes as in postgresql.conf: a whole number and one unit, "500GB", "2TB"; a unit is 1024 of the one
// before.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "exporter/base/result.h"

namespace pgrepl::config {

/// Bytes, at least one and less than 2^53, which a sample holds exactly. Errors say what is wrong
/// with `text` and what to write instead.
Result<std::int64_t> ParseByteSize(std::string_view text);

}  // namespace pgrepl::config
