// What the flags of the program and of its sub-commands have in common. For this folder's .cc files:
// it includes CLI11.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/config/nearest.h"

namespace pgrepl::config {

template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

template <typename T, std::size_t N>
CLI::Option* AddChoice(CLI::App& app, const std::string& flag, const Choice<T> (&choices)[N],
                       T& out) {
  return app.add_option_function<std::string>(
      flag, [flag, &choices, &out](const std::string& text) {
        std::vector<std::string_view> words;
        for (const Choice<T>& choice : choices) {
          if (choice.word == text) out = choice.value;
          words.push_back(choice.word);
        }
        if (std::find(words.begin(), words.end(), text) != words.end()) return;
        throw CLI::ValidationError(flag, Unknown("value", text, words));
      });
}

inline std::string CheckNotEmpty(const std::string& text) {
  return text.empty() ? "needs a value" : "";
}

inline void Describe(CLI::Option* option, const char* group, const char* value,
                     std::string description) {
  option->group(group)->description(std::move(description));
  option->option_text(value)->type_name("value");  // in --help, in "1 required value missing"
  option->check(CheckNotEmpty)->take_last();
}

}  // namespace pgrepl::config
