// /primary and /standby: health checks of HAProxy, Kubernetes and the like, answered from memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/http/server.h"
#include "exporter/http/views.h"

namespace pgrepl::http {

/// cluster=NAME, server=NAME. 200 if that server is the one primary of its cluster, without a server
/// if the cluster has one; else 503. 400 or 404 with a line that says what to write.
Response PrimaryCheck(const Views& views, const Request& request);

/// max_lag=DURATION, cluster=NAME, server=NAME. 200 if that server is a standby known to be no
/// further behind, without a server if the cluster has one. As above.
Response StandbyCheck(const Views& views, const Request& request);

}  // namespace pgrepl::http
