// The page for the one who has nothing but a URL: every server, its role, its lag, and why it is down.
// Plain HTML without scripts; refreshes itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/view.h"

namespace pgrepl::http {

std::string StatusPage(const std::vector<ClusterView>& clusters, std::string_view telemetry_path,
                       std::string_view version);

}  // namespace pgrepl::http
