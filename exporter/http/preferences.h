// What a client takes and how gladly: Accept, Accept-Encoding (RFC 9110, 12.5). Pure functions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace pgrepl::http {

struct Preference {
  std::string_view name;  ///< a media type or a coding, without its parameters
  double weight = 1;      ///< 0 to 1; 0, it isn't wanted
};

/// In the order of the header, into which the names point. A weight that can't be read counts as 0.
std::vector<Preference> Preferences(std::string_view header);

/// Of the names that are `name`, in either case, the greatest weight; none where there are none.
std::optional<double> WeightOf(const std::vector<Preference>& preferences, std::string_view name);

}  // namespace pgrepl::http
