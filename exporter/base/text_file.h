// A small file, read whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace pgrepl {

inline constexpr std::size_t kMostTextBytes = std::size_t{4} << 20;

/// Of a larger file a little more than kMostTextBytes, for the caller to refuse. `what` is for the
/// error: "config file", or empty where the path says enough.
Result<std::string> ReadTextFile(const std::string& path, std::string_view what = {});

}  // namespace pgrepl
