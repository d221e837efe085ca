// What one collector makes of rows and views, as text. HELP lines are left out: their wording is no
// behaviour, and registry_test.cc judges it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/postgres/rows.h"

namespace pgrepl {

const Collector& Of(CollectorId id);

Result<FactPtr> Decode(CollectorId id, const Rows& rows);

/// The page of a server of which only this is known; "refused: ..." when decoding fails. Its
/// series start with server="p".
std::string Exposition(CollectorId id, const Rows& rows);

/// The page of a view built by hand; `server.facts` is what the collector emits from.
std::string Exposition(CollectorId id, const ServerView& server);

std::string Exposition(CollectorId id, const ClusterView& cluster);

}  // namespace pgrepl
