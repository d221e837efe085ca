// What a new configuration does to the numbers of a cluster's servers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace pgrepl::cluster {

/// For each server of before its index now; nullopt: it is no longer configured.
using Renumbering = std::vector<std::optional<std::size_t>>;

inline std::optional<std::size_t> NumberNow(const std::optional<std::size_t>& before,
                                            const Renumbering& servers) {
  return before ? servers[*before] : std::nullopt;
}

}  // namespace pgrepl::cluster
