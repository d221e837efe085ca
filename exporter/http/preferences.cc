// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/preferences.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace pgrepl::http {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Cuts `text` at the first separator and returns what was before it, trimmed.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trim(taken);
}

// Among parameters such as "version=1.0.0;q=0.5".
double Weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TakeUntil(parameters, ';');
    if (!EqualsIgnoringCase(parameter.substr(0, 2), "q=")) continue;
    double weight = 0;
    const auto [end, error] =
        std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), weight);
    const bool is_read = error == std::errc{} && end == parameter.data() + parameter.size();
    return is_read && weight > 0 ? std::min(weight, 1.0) : 0;
  }
  return 1;
}

}  // namespace

std::vector<Preference> Preferences(std::string_view header) {
  std::vector<Preference> preferences;
  while (!header.empty()) {
    std::string_view entry = TakeUntil(header, ',');
    const std::string_view name = TakeUntil(entry, ';');
    if (!name.empty()) preferences.push_back({name, Weight(entry)});
  }
  return preferences;
}

std::optional<double> WeightOf(const std::vector<Preference>& preferences, std::string_view name) {
  std::optional<double> greatest;
  for (const Preference& one : preferences) {
    if (EqualsIgnoringCase(one.name, name)) greatest = std::max(greatest.value_or(0), one.weight);
  }
  return greatest;
}

}  // namespace pgrepl::http
