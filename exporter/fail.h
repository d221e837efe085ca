// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>

#include "exporter/base/result.h"

namespace pgrepl {

/// Says on standard error why the program ends, and what to do; returns `exit_code`.
inline int Fail(const Error& error, int exit_code) {
  std::fprintf(stderr, "pg_replication_exporter: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
  return exit_code;
}

}  // namespace pgrepl
