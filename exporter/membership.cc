// SPDX-License-Identifier: Apache-2.0
#include "exporter/membership.h"

#include <algorithm>

namespace pgrepl {

bool Membership::Update(const std::string& cluster, const std::vector<config::Member>& listed,
                        Duration remember, Time now) {
  ByName& known = clusters_[cluster];
  const std::vector<config::Member> before = MembersOf(known);
  for (const config::Member& member : listed) known[member.name] = {member, now};
  std::erase_if(known, [&](const auto& one) {
    const config::Member& member = one.second.member;
    if (one.second.listed == now) return false;
    const bool is_taken = std::any_of(listed.begin(), listed.end(), [&](const auto& other) {
      return other.host == member.host && other.port == member.port;
    });
    return is_taken || now - one.second.listed > remember;
  });
  return MembersOf(known) != before;
}

std::vector<config::Member> Membership::Of(const std::string& cluster) const {
  const auto found = clusters_.find(cluster);
  return found != clusters_.end() ? MembersOf(found->second) : std::vector<config::Member>();
}

std::vector<config::Member> Membership::MembersOf(const ByName& known) {
  std::vector<config::Member> members;
  for (const auto& one : known) members.push_back(one.second.member);
  return members;
}

}  // namespace pgrepl
