// What it means that a server has answered a statement with an error.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "collectors/view.h"
#include "exporter/base/result.h"

namespace pgrepl {

/// An undefined column, function or table: the server is patched, or not what its version says.
bool IsMissing(const Error& error);
/// The statement's deadline, or a lock's.
bool IsTimeout(const Error& error);
/// It will be refused again, and each time is a line in the server's log.
bool IsRefusal(const Error& error);

/// What came of a run: a fact of which something is hidden is no success.
Status OutcomeOf(const Collector& collector, const Result<FactPtr>& fact);

RunFailure FailureOf(const Status& outcome);

/// What to do about this collector's failure; empty: nothing that we know.
std::string HintOf(const Collector& collector, const Error& error);

/// What a Statement::permission asks about, as the server names it: "pg_ls_dir(text), ...".
std::string FunctionsIn(std::string_view permission);

}  // namespace pgrepl
