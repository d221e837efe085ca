// How much WAL a server has written as a primary since the exporter watches it: a position can step
// back (a rewind, a restored backup), a counter may not.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "exporter/postgres/lsn.h"

namespace pgrepl::cluster {

class WalWritten {
 public:
  /// Where a primary is. WAL between two positions counts where both are of one timeline: on
  /// another one it may be somebody else's.
  void See(std::int64_t timeline, Lsn position) {
    if (last_ && last_->timeline == timeline) bytes_ += BytesBetween(last_->position, position);
    last_ = {timeline, position};
  }
  /// It is no primary now, or holds another system: the next position says nothing of the WAL before.
  void Interrupt() { last_.reset(); }

  [[nodiscard]] double bytes() const { return bytes_; }

 private:
  struct Seen {
    std::int64_t timeline = 0;
    Lsn position;
  };
  double bytes_ = 0;
  std::optional<Seen> last_;
};

}  // namespace pgrepl::cluster
