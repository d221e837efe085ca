// The servers to watch where there is no config file: DATA_SOURCE_NAME (or DATA_SOURCE_URI with
// _USER, _PASS and _PASS_FILE, as postgres_exporter has them), else libpq's own PG* variables.
// Pure: the environment and libpq's parser are passed in. Errors never hold a conninfo.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace pgrepl::config {

/// The value of a variable, null when it isn't set; getenv() is one.
using Environment = std::function<const char*(const char* name)>;

/// "host:port" of a conninfo, in which empty means libpq's PG* variables and defaults.
using NameOf = std::function<Result<std::string>(const std::string& conninfo)>;

/// One cluster, "default", with the servers that the environment names.
Result<Config> FromEnvironment(const Environment& environment, const NameOf& name_of);

}  // namespace pgrepl::config
