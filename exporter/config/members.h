// The servers of a cluster, those included that were found while it is watched.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/config/config.h"

namespace pgrepl::config {

/// A server that a discovery found.
struct Member {
  std::string name;
  std::string host;  ///< name or address
  int port = 5432;

  bool operator==(const Member&) const = default;
};

/// The cluster with these members as servers, each with what the file says of one of its name. A
/// server with a conninfo of its own stays as it is.
Cluster WithMembers(Cluster cluster, const std::vector<Member>& members);

}  // namespace pgrepl::config
