// A file that holds one YAML document. Errors are one line, "file:line:column: what is wrong; what to
// do". The fence of yaml-cpp's exceptions. Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <optional>
#include <string>

#include "exporter/base/result.h"

namespace pgrepl::config {

/// `read` throws Problem (yaml_map.h) at what it doesn't like. `path` is for errors.
std::optional<Error> ReadDocument(const std::string& text, const std::string& path,
                                  const std::function<void(const YAML::Node&)>& read);

}  // namespace pgrepl::config
