// An answer that says in one line what to ask instead.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/http/server.h"

namespace pgrepl::http {

/// `message` without a line end.
inline Response Refusal(int status, const std::string& message) {
  return {.status = status, .body = message + "\n"};
}

}  // namespace pgrepl::http
