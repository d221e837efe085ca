// How long nobody has used each slot of a server, on the exporter's clock: PostgreSQL says so from 17
// on only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/slots.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

class SlotWatch {
 public:
  /// The slots as they were at `at`; seen again, nothing changes. Those dropped are forgotten.
  void See(const std::vector<Slot>& slots, Time at);

  /// 0 while active; nullopt for a slot that was not among those seen last.
  [[nodiscard]] std::optional<double> InactiveSeconds(const Slot& slot, Time now) const;

 private:
  struct Seen {
    bool active = false;
    std::optional<Lsn> consumed;
    Time since{};  ///< first seen as unused as it is
  };
  std::map<std::string, Seen> seen_;
};

}  // namespace pgrepl::cluster
