// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/lookup.h"

#include <algorithm>

#include "exporter/discover/dns.h"
#include "exporter/discover/kubernetes.h"
#include "exporter/discover/patroni.h"

namespace pgrepl::discover {

Result<Members> LookUp(const config::Discovery& discovery) {
  Result<Members> found = !discovery.patroni.empty() ? FromPatroni(discovery)
                          : discovery.kubernetes     ? FromKubernetes(discovery)
                                                     : FromDns(discovery);
  if (!found) return found;
  Members members = std::move(*found);
  // Of two addresses of one member, as IPv4 and IPv6, the first.
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  members.erase(std::unique(members.begin(), members.end(),
                            [](const auto& a, const auto& b) { return a.name == b.name; }),
                members.end());
  return members;
}

}  // namespace pgrepl::discover
