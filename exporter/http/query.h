// The query string of a URL: the parameters that a route knows, and nothing else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace pgrepl::http {

using Parameters = std::map<std::string, std::string, std::less<>>;

/// "name=value&name=value", values percent-decoded; '+' stands for itself. A name that isn't known,
/// comes twice or has no value, a broken %XX, more than 2 kB: an error that lists what is known.
Result<Parameters> ParseQuery(std::string_view query, std::span<const std::string_view> known);

/// Empty when it wasn't given.
std::string_view Value(const Parameters& parameters, std::string_view name);

/// The reverse; empty values are left out. Begins with '?' unless there are none.
std::string RenderQuery(const Parameters& parameters);

}  // namespace pgrepl::http
