// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/shard.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "exporter/config/nearest.h"

// Headers only: nothing to link or to ship.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pgrepl::config {
namespace {

std::optional<int> Number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool all = error == std::errc() && end == text.data() + text.size();
  return all && number >= 0 ? std::optional(number) : std::nullopt;
}

// Part of what users see: another hash, or another seed, moves clusters between exporters.
XXH64_hash_t Weight(std::string_view cluster, int index) {
  return XXH3_64bits_withSeed(cluster.data(), cluster.size(), static_cast<XXH64_hash_t>(index));
}

// A StatefulSet's pods have theirs at the end of their names.
std::string_view Ordinal(std::string_view pod) {
  const std::size_t dash = pod.rfind('-');
  return dash == pod.npos || dash == 0 ? pod : pod.substr(dash + 1);
}

}  // namespace

std::string Shard::Text() const { return fmt::format("{}/{}", index, count); }

bool Shard::Owns(std::string_view cluster) const {
  const XXH64_hash_t own = Weight(cluster, index);
  for (int other = 0; other < count; ++other) {
    const XXH64_hash_t weight = Weight(cluster, other);
    if (weight > own || (weight == own && other < index)) return false;
  }
  return true;
}

Result<Shard> ParseShard(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto index = Number(Ordinal(text.substr(0, slash)));
  const auto count = slash == text.npos ? std::nullopt : Number(text.substr(slash + 1));
  if (!index || !count || *index >= *count || *count > kMostShards) {
    return Error{
        fmt::format("{} is not a shard; write i/N with i from 0 to N-1 and N up to {}, "
                    "such as 0/3 (or a name that ends in -i, as a pod's)",
                    Quoted(text), kMostShards)};
  }
  return Shard{*index, *count};
}

}  // namespace pgrepl::config
