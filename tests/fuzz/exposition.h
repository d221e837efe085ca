// Reads a page in the text format 0.0.4 as strictly as its specification allows.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgrepl::fuzz {

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  ///< in the order of the page
  double value = 0;
};

/// nullopt: not one.
std::optional<std::vector<Sample>> ParseExposition(std::string_view page);

/// No series has two samples.
bool EachOnce(const std::vector<Sample>& samples);

}  // namespace pgrepl::fuzz
