// Which of the clusters are an exporter's own where several share them: --shard=i/N.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace pgrepl::config {

struct Shard {
  int index = 0;  ///< from 0, as a StatefulSet numbers its pods
  int count = 1;

  /// "i/N", as the flag takes it.
  [[nodiscard]] std::string Text() const;

  /// Exactly one of the N owns a cluster, the same on every machine and in every version. With one
  /// more of them only the clusters that it takes over move, 1/(N+1) of all (rendezvous hashing).
  [[nodiscard]] bool Owns(std::string_view cluster) const;
};

inline constexpr int kMostShards = 10000;

Result<Shard> ParseShard(std::string_view text);

}  // namespace pgrepl::config
