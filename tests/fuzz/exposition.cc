// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/exposition.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/fuzz/fuzz.h"

namespace pgrepl::fuzz {
namespace {

std::string TakeName(std::string_view& rest) {
  std::size_t end = 0;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  };
  while (end < rest.size() && is_word(rest[end])) ++end;
  std::string name(rest.substr(0, end));
  rest.remove_prefix(end);
  return name;
}

bool Take(std::string_view& rest, std::string_view token) {
  if (!rest.starts_with(token)) return false;
  rest.remove_prefix(token.size());
  return true;
}

std::optional<std::string> TakeQuoted(std::string_view& rest) {
  if (!Take(rest, "\"")) return std::nullopt;
  std::string value;
  while (!rest.empty() && rest[0] != '"') {
    if (Take(rest, "\\n")) {
      value += '\n';
    } else if (Take(rest, "\\\\")) {
      value += '\\';
    } else if (Take(rest, "\\\"")) {
      value += '"';
    } else if (rest[0] == '\\') {
      return std::nullopt;
    } else {
      value += rest[0];
      rest.remove_prefix(1);
    }
  }
  if (!Take(rest, "\"")) return std::nullopt;
  return value;
}

bool TakeLabels(std::string_view& rest, Sample& sample) {
  std::set<std::string> names;
  do {
    std::string name = TakeName(rest);
    if (name.empty() || !names.insert(name).second || !Take(rest, "=")) return false;
    auto value = TakeQuoted(rest);
    if (!value) return false;
    sample.labels.emplace_back(std::move(name), *std::move(value));
  } while (Take(rest, ","));
  return Take(rest, "}");
}

std::optional<Sample> ParseSample(std::string_view line) {
  Sample sample{.name = TakeName(line)};
  if (sample.name.empty()) return std::nullopt;
  if (Take(line, "{") && !TakeLabels(line, sample)) return std::nullopt;
  if (!Take(line, " ")) return std::nullopt;
  const std::string number(line);
  char* end = nullptr;
  sample.value = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || end != number.c_str() + number.size()) return std::nullopt;
  return sample;
}

}  // namespace

std::optional<std::vector<Sample>> ParseExposition(std::string_view page) {
  std::vector<Sample> samples;
  if (!page.empty() && !page.ends_with('\n')) return std::nullopt;
  while (!page.empty()) {
    const std::string_view line = TakeUntil(page, '\n');
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    auto sample = ParseSample(line);
    if (!sample) return std::nullopt;
    samples.push_back(*std::move(sample));
  }
  return samples;
}

bool EachOnce(const std::vector<Sample>& samples) {
  std::set<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> seen;
  return std::all_of(samples.begin(), samples.end(), [&seen](const Sample& sample) {
    return seen.insert({sample.name, sample.labels}).second;
  });
}

}  // namespace pgrepl::fuzz
