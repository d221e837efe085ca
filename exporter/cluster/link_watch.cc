// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/link_watch.h"

#include <algorithm>

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;

// WAL that waits is sent at once; this leaves room for a pulse or two and a busy machine.
constexpr Duration kSilence = 3500ms;

}  // namespace

void LinkWatch::See(bool pending, Time heard, Time now) {
  if (!pending) {
    pending_since_.reset();
    longest_ = {};
  } else if (!pending_since_) {
    pending_since_ = now;
  } else if (heard > heard_) {
    longest_ = std::max(longest_, heard - *SilentSince());
  }
  heard_ = std::max(heard_, heard);
}

std::optional<Time> LinkWatch::SilentSince() const {
  if (!pending_since_) return std::nullopt;
  return std::max(*pending_since_, heard_);
}

bool LinkWatch::IsStalled(Time now) const {
  const auto silent = SilentSince();
  return silent && now - *silent > std::max(kSilence, 2 * longest_);
}

}  // namespace pgrepl::cluster
