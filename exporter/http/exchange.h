// One HTTP exchange: a request that civetweb has parsed, the route it is for, the answer on the wire.
// Runs on civetweb's workers; keeps nothing between exchanges, and echoes nothing of a request; a
// route may, in plain text (report_routes.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/http/gate.h"
#include "exporter/http/server.h"
#include "exporter/http/web_settings.h"

struct mg_connection;

namespace pgrepl::http {

/// Answers with the route's response, with what the gate refuses by, or 404, 405, 413, or 500 when the
/// handler throws. Returns what civetweb expects from its callback begin_request.
int Exchange(mg_connection* connection, const std::vector<Route>& routes, Gate& gate,
             const WebSettings& settings);

/// Answers what civetweb could not take as a request.
void Refuse(mg_connection* connection, int status, const WebSettings& settings);

}  // namespace pgrepl::http
