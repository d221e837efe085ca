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

/// What a collector makes of an answer: "works", the SQLSTATE, or "without" it where only a part is
/// hidden from our role.
std::string OutcomeOf(CollectorId id, const Result<Rows>& answer);

/// What the collector says that our role may not see of these rows, which decode.
std::optional<Error> HiddenOf(CollectorId id, const Rows& rows);

/// The page of a server of which only this is known; "refused: ..." when decoding fails. Its
/// series start with server="p".
std::string Exposition(CollectorId id, const Rows& rows);

/// The page of a view built by hand; `server.facts` is what the collector emits from.
std::string Exposition(CollectorId id, const ServerView& server);

std::string Exposition(CollectorId id, const ClusterView& cluster);

}  // namespace pgrepl
