// The members of each cluster as its discovery listed them, and for a while those that it lists no
// more: a standby that is dead may well be missing there, and that is when it must be on the page.
// Not thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/config/members.h"

namespace pgrepl {

class Membership {
 public:
  /// Whether there are others now, or by other addresses. One that isn't listed is kept for `remember`,
  /// unless somebody else has its address.
  bool Update(const std::string& cluster, const std::vector<config::Member>& listed,
              Duration remember, Time now);

  /// By name.
  [[nodiscard]] std::vector<config::Member> Of(const std::string& cluster) const;

 private:
  struct Known {
    config::Member member;
    Time listed{};
  };
  using ByName = std::map<std::string, Known>;

  static std::vector<config::Member> MembersOf(const ByName& known);

  std::map<std::string, ByName> clusters_;
};

}  // namespace pgrepl
