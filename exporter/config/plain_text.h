// A text file that we can trust to be one: UTF-8 without control characters. yaml-cpp takes some of
// them for the end of the file, and labels can't hold them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace pgrepl::config {

/// Where a byte stands: both count from 1, the column in characters.
struct TextPosition {
  int line;
  int column;
};

/// The first byte that is neither UTF-8 nor plain: control characters other than tab, line feed
/// and carriage return are not.
std::optional<TextPosition> FindNotPlain(std::string_view text);

/// For text on one line.
bool HasControlCharacter(std::string_view text);

}  // namespace pgrepl::config
