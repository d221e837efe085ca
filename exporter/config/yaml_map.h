// YAML maps whose keys are declared as data: each key with the function that reads its value.
// Only the loader includes this. What is wrong travels as a Problem, beside yaml-cpp's own
// exceptions, up to Parse() in load.cc, which makes an Error of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config/duration.h"

namespace pgrepl::config {

/// Something wrong at a place in the file.
struct Problem : YAML::Exception {
  using YAML::Exception::Exception;
};

[[noreturn]] void Fail(const YAML::Mark& mark, const std::string& message);

/// A key's value; never null.
struct Value {
  std::string key;
  YAML::Node node;
};

/// Text that isn't empty.
std::string Text(const Value& value);
/// Text that can be a label: no control characters either.
std::string Name(const Value& value);
bool Switch(const Value& value);
int Count(const Value& value, int most);
int CountBetween(const Value& value, int least, int most);
Duration Interval(const Value& value, DurationRange range);
/// Bytes, more than none.
std::int64_t Size(const Value& value);
/// The items of a list that isn't empty.
std::vector<YAML::Node> Items(const Value& value);

/// Names of siblings, which must differ.
class Siblings {
 public:
  void Add(std::string_view what, const std::string& name, const YAML::Mark& mark);

 private:
  std::map<std::string, int> lines_;
};

/// Calls `read` for each key in the file's order. Fails on a node that isn't a map, and on keys
/// that aren't `known`, come twice or have no value. `what` is one word or two: "server".
void ReadKeys(const YAML::Node& map, std::string_view what, std::span<const std::string_view> known,
              const std::function<void(const Value&)>& read);

/// One key that a map may have, and where its value goes.
template <typename T>
struct Key {
  std::string_view name;
  void (*read)(const Value&, T&);
};

/// Reads the map into `out`; keys that it doesn't have leave `out` alone.
template <typename T, std::size_t N>
void ReadMap(const YAML::Node& map, std::string_view what, const Key<T> (&keys)[N], T& out) {
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = keys[i].name;
  ReadKeys(map, what, names, [&](const Value& value) {
    for (const Key<T>& key : keys) {
      if (key.name == value.key) key.read(value, out);
    }
  });
}

}  // namespace pgrepl::config
