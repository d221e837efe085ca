// What the log says of the collectors on one server: changes only, for most run every second.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "collectors/registry.h"
#include "exporter/base/result.h"

namespace pgrepl {

class CollectorLog {
 public:
  CollectorLog(std::string cluster, std::string server, CollectorSet collectors)
      : cluster_(std::move(cluster)),
        server_(std::move(server)),
        collectors_(std::move(collectors)),
        said_(collectors_.size()) {}

  void Outcome(std::size_t collector, const Status& outcome);
  /// It uses a statement for an older version, since the server lacks something for the newer.
  void PassedOver(std::size_t collector, const Error& why);

 private:
  struct Said {
    std::string failure;  ///< empty after success
    std::string lacking;  ///< not forgotten after success: each new connection finds it again
  };

  std::string cluster_, server_;
  CollectorSet collectors_;
  std::vector<Said> said_;  ///< parallel to the collectors
};

}  // namespace pgrepl
