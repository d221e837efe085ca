// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/yaml_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "exporter/config/byte_size.h"
#include "exporter/config/nearest.h"
#include "exporter/config/plain_text.h"

namespace pgrepl::config {
namespace {

std::string_view Kind(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsScalar() ? "text" : "empty";
}

}  // namespace

void Fail(const YAML::Mark& mark, const std::string& message) { throw Problem(mark, message); }

std::string Text(const Value& value) {
  if (!value.node.IsScalar()) {
    Fail(value.node.Mark(), fmt::format("{} must be text, not {}", value.key, Kind(value.node)));
  }
  if (value.node.Scalar().empty()) {
    Fail(value.node.Mark(), fmt::format("{} is empty; give it a value or leave it out", value.key));
  }
  return value.node.Scalar();
}

std::string Name(const Value& value) {
  std::string name = Text(value);
  if (HasControlCharacter(name)) {
    Fail(value.node.Mark(), "the name has a control character, which a label can't hold");
  }
  return name;
}

bool Switch(const Value& value) {
  const std::string text = Text(value);
  if (text != "true" && text != "false") {
    Fail(value.node.Mark(), fmt::format("{} is {}; write true or false", value.key, Quoted(text)));
  }
  return text == "true";
}

int Count(const Value& value, int most) { return CountBetween(value, 0, most); }

int CountBetween(const Value& value, int least, int most) {
  const std::string text = Text(value);
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end || number < least || number > most) {
    Fail(value.node.Mark(), fmt::format("{} is {}; write a whole number from {} to {}", value.key,
                                        Quoted(text), least, most));
  }
  return number;
}

Duration Interval(const Value& value, DurationRange range) {
  const Result<Duration> duration = ParseDuration(Text(value), range);
  if (!duration) {
    Fail(value.node.Mark(), fmt::format("{}: {}", value.key, duration.error().message));
  }
  return *duration;
}

std::int64_t Size(const Value& value) {
  const Result<std::int64_t> bytes = ParseByteSize(Text(value));
  if (!bytes) Fail(value.node.Mark(), fmt::format("{}: {}", value.key, bytes.error().message));
  return *bytes;
}

std::vector<YAML::Node> Items(const Value& value) {
  if (!value.node.IsSequence()) {
    Fail(value.node.Mark(), fmt::format("{} must be a list, each item after a '- ', not {}",
                                        value.key, Kind(value.node)));
  }
  if (value.node.size() == 0) {
    Fail(value.node.Mark(),
         fmt::format("{} is an empty list; it needs one item at least", value.key));
  }
  std::vector<YAML::Node> items(value.node.begin(), value.node.end());
  for (std::size_t i = 0; i < items.size(); ++i) {
    // An empty item's own mark is where the next line begins.
    if (items[i].IsNull()) {
      Fail(value.node.Mark(), fmt::format("item {} of {} is empty", i + 1, value.key));
    }
  }
  return items;
}

void Siblings::Add(std::string_view what, const std::string& name, const YAML::Mark& mark) {
  const auto [first, is_new] = lines_.emplace(name, mark.line + 1);
  if (is_new) return;
  Fail(mark, fmt::format("{} {} comes twice; the first is on line {}", what, Quoted(name),
                         first->second));
}

void ReadKeys(const YAML::Node& map, std::string_view what, std::span<const std::string_view> known,
              const std::function<void(const Value&)>& read) {
  if (!map.IsMap()) {
    Fail(map.Mark(),
         fmt::format("{} must be a map of 'key: value' lines, not {}", what, Kind(map)));
  }
  std::map<std::string, int> lines;
  for (const auto& entry : map) {
    const YAML::Node& name = entry.first;
    const YAML::Node& node = entry.second;
    if (!name.IsScalar()) {
      Fail(name.Mark(), fmt::format("a {} key must be text, not {}", what, Kind(name)));
    }
    const std::string& key = name.Scalar();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      Fail(name.Mark(), Unknown(fmt::format("{} key", what), key, known));
    }
    const auto [first, is_new] = lines.emplace(key, name.Mark().line + 1);
    if (!is_new) {
      Fail(name.Mark(),
           fmt::format("{} comes twice; it is on line {} already", key, first->second));
    }
    if (node.IsNull()) {
      Fail(name.Mark(), fmt::format("{} has no value; give it one or leave it out", key));
    }
    read({key, node});
  }
}

}  // namespace pgrepl::config
