// What a cause of lag means and what to do about it, for the one who was woken up by it. By
// PostgreSQL's manual, 12 to 18.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "collectors/lag.h"

namespace pgrepl::report {

struct Advice {
  std::string meaning;
  std::string remedy;  ///< lines; empty: nothing to do
};

/// `upstream` may be empty: not known. Names go in as they are: make them plain first.
Advice AdviceOn(LagCause cause, std::string_view standby, std::string_view upstream);

}  // namespace pgrepl::report
