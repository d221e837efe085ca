// What synchronous_standby_names asks for, read as PostgreSQL's syncrep_scanner.l and
// syncrep_gram.y do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgrepl {

enum class SyncMethod {
  kNone,   ///< nothing is asked for
  kFirst,  ///< the first of the list that are there: FIRST n (list), n (list), or a list alone
  kAny,    ///< any n of the list
};

struct SyncRequirement {
  SyncMethod method = SyncMethod::kNone;
  int number = 0;  ///< how many standbys a commit waits for; may exceed the names there are
  /// As written, without quotes. PostgreSQL compares them with application_name whatever the case,
  /// quoted or not, and `*` is everyone.
  std::vector<std::string> names;

  bool operator==(const SyncRequirement&) const = default;
};

/// Total: what PostgreSQL would refuse asks for nothing.
SyncRequirement ParseSynchronousStandbyNames(std::string_view setting);

}  // namespace pgrepl
