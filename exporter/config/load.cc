// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/load.h"

#include "exporter/base/text_file.h"
#include "exporter/config/document.h"
#include "exporter/config/schema.h"

namespace pgrepl::config {

Result<Config> Parse(const std::string& text, const std::string& path,
                     std::span<const std::string_view> collector_names) {
  Config config;
  const auto problem = ReadDocument(text, path, [&](const YAML::Node& root) {
    config = ReadConfig(root, path, collector_names);
  });
  if (problem) return *problem;
  return config;
}

Result<Config> Load(const std::string& path, std::span<const std::string_view> collector_names) {
  const Result<std::string> text = ReadTextFile(path, "config file");
  if (!text) return text.error();
  return Parse(*text, path, collector_names);
}

}  // namespace pgrepl::config
