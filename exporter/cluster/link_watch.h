// Whether a link that both sides call connected carries anything while it should. A frozen receiver
// or a network that drops packets looks healthy for a minute (wal_receiver_timeout).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "exporter/base/clock.h"

namespace pgrepl::cluster {

class LinkWatch {
 public:
  /// `heard`: when something last came over the link. `pending`: WAL waits on the upstream's side.
  void See(bool pending, Time heard, Time now);
  /// Disconnected: the next link is another one.
  void Reset() { *this = {}; }
  /// Nothing waits for long any more: what made the link slow is over.
  void CaughtUp() { longest_ = {}; }

  /// Since when it has carried nothing while WAL waited; nullopt when none waits.
  [[nodiscard]] std::optional<Time> SilentSince() const;
  [[nodiscard]] bool IsStalled(Time now) const;

 private:
  std::optional<Time> pending_since_;
  Time heard_{};
  /// The longest silence that ended by itself while WAL waited: a slow link is silent until a
  /// message of up to 128 kB has come through.
  Duration longest_{};
};

}  // namespace pgrepl::cluster
