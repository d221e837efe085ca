// A cluster as JSON: who is there, who receives from whom, how far behind. What /topology and the API
// have in common.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "collectors/view.h"

namespace pgrepl::report {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

/// Whole numbers, as people expect them.
Json BytesOrNull(const std::optional<double>& bytes);
Json TextOrNull(std::string_view text);

/// Its servers: upstreams before their standbys.
Json ClusterJson(const ClusterView& cluster);

/// Text that isn't UTF-8 is replaced where it isn't.
std::string Dump(const Json& json, int indent);

}  // namespace pgrepl::report
