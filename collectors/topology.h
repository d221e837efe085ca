// Who receives WAL from whom.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pgrepl {

/// From the server that has it to one of its standbys.
struct EdgeView {
  std::string standby;     ///< the name under which that standby is on the page
  bool connected = false;  ///< false: it was last seen here, and is connected to nobody else
};

}  // namespace pgrepl
