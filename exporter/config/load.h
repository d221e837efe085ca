// The YAML file (packaging/pg_replication_exporter.yml shows every key) into a Config.
// Errors are one line, "file:line:column: what is wrong; what to do", and never hold a conninfo.
// Any thread; reads no file but the one named.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace pgrepl::config {

/// Reads the file and parses it.
Result<Config> Load(const std::string& path, std::span<const std::string_view> collector_names);

/// `path` is for errors, and its folder is where relative paths in the text start.
Result<Config> Parse(const std::string& text, const std::string& path,
                     std::span<const std::string_view> collector_names);

}  // namespace pgrepl::config
