// The identity of a server: read apart from the pulse, so that whatever hides it harms nothing
// else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pgrepl {

struct ServerFact {
  std::string system_identifier;  ///< pg_control_system(); the same on all members of a cluster
  double start_time = 0;          ///< pg_postmaster_start_time(), server's clock, epoch seconds
  double clock = 0;               ///< clock_timestamp(), epoch seconds
};

}  // namespace pgrepl
