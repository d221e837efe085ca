// The members of a cluster as Patroni's REST API lists them: GET /cluster.
// https://patroni.readthedocs.io/en/latest/rest_api.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exporter/discover/lookup.h"

namespace pgrepl::discover {

/// Asks its URLs in order; the first good answer counts.
Result<Members> FromPatroni(const config::Discovery& discovery);

/// The body of /cluster. Members without an address, which have not started yet, are left out.
Result<Members> ParsePatroniCluster(std::string_view json);

}  // namespace pgrepl::discover
