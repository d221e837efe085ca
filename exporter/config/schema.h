// What the file may say: every key with its type and bounds, and how what is left out is settled.
// Throws Problem (yaml_map.h); load.h is the door for others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <span>
#include <string>
#include <string_view>

#include "exporter/config/config.h"

namespace pgrepl::config {

/// Relative paths start at the folder of `path`.
Config ReadConfig(const YAML::Node& root, const std::string& path,
                  std::span<const std::string_view> collector_names);

}  // namespace pgrepl::config
