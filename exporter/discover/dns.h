// The members of a cluster by DNS: the addresses of one name, as a headless Service of Kubernetes has
// for each Pod, or the targets of its SRV records.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/discover/lookup.h"

namespace pgrepl::discover {

/// A name that starts with '_' is one of SRV records (RFC 2782).
Result<Members> FromDns(const config::Discovery& discovery);

/// What a host is called: the first label of its name; an address as it is.
std::string MemberName(const std::string& host);

}  // namespace pgrepl::discover
