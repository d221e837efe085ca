// A statement: for which versions and role it is written, and its SQL.
// SPDX-License-Identifier: Apache-2.0
#pragma once

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
};

/// The first that fits; a collector lists its statements newest version first. nullptr: none does.
constexpr const Statement* Choose(std::span<const Statement> statements, int version, Role role) {
  for (const Statement& statement : statements) {
    const bool in_range = version >= statement.min_version && version <= statement.max_version;
    if (in_range && (!statement.role || *statement.role == role)) return &statement;
  }
  return nullptr;
}

}  // namespace pgrepl
