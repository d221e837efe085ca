// A statement: for which versions and role it is written, and its SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "exporter/postgres/server_version.h"

namespace pgrepl {

/// SQL lists its columns and never says SELECT *: new majors insert columns in the middle.
struct Statement {
  int min_version = 0;  ///< server_version_num
  int max_version = std::numeric_limits<int>::max();
  std::optional<Role> role{};  ///< nullopt: either
  std::string_view sql;
  /// Asked before it where a refusal would be an ERROR in the server's log: one boolean, whether
  /// our role may run it; NULL when what it calls isn't there. Same parameters.
  std::string_view permission = {};
};

template <const std::string_view&... kParts>
inline constexpr auto kJoinedText = [] {
  std::array<char, (kParts.size() + ...)> text{};
  auto at = text.begin();
  ((at = std::copy(kParts.begin(), kParts.end(), at)), ...);
  return text;
}();

/// The SQL of one version, of parts that it shares with others, joined while compiling.
template <const std::string_view&... kParts>
inline constexpr std::string_view kJoined{kJoinedText<kParts...>.data(),
                                          kJoinedText<kParts...>.size()};

/// The first that fits; a collector lists its statements newest version first. nullptr: none does.
/// As many of those that fit are passed over as this server has turned out not to understand.
constexpr const Statement* Choose(std::span<const Statement> statements, int version, Role role,
                                  int passed_over = 0) {
  for (const Statement& statement : statements) {
    const bool fits = version >= statement.min_version && version <= statement.max_version &&
                      (!statement.role || *statement.role == role);
    if (fits && passed_over-- == 0) return &statement;
  }
  return nullptr;
}

}  // namespace pgrepl
