// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/refusal.h"

namespace pgrepl {

bool IsMissing(const Error& error) {
  return error.sqlstate == "42703" || error.sqlstate == "42883" || error.sqlstate == "42P01";
}

bool IsTimeout(const Error& error) {
  return error.sqlstate == "57014" || error.sqlstate == "55P03";
}

bool IsRefusal(const Error& error) {
  return error.sqlstate.starts_with("42") || error.sqlstate.starts_with("0A") ||
         error.sqlstate.starts_with("58");
}

Status OutcomeOf(const Collector& collector, const Result<FactPtr>& fact) {
  if (!fact) return fact.error();
  if (collector.hidden == nullptr) return Ok();
  const std::optional<Error> hidden = collector.hidden(fact->get());
  return hidden ? Status(*hidden) : Ok();
}

RunFailure FailureOf(const Status& outcome) {
  if (outcome) return RunFailure::kNone;
  const Error& error = outcome.error();
  if (error.sqlstate == "42501") return RunFailure::kInsufficientPrivilege;
  if (IsMissing(error)) return RunFailure::kMissing;
  return IsTimeout(error) ? RunFailure::kTimeout : RunFailure::kOther;
}

std::string HintOf(const Collector& collector, const Error& error) {
  if (collector.hint != nullptr && !error.sqlstate.empty()) {
    return std::string(collector.hint(error.sqlstate));
  }
  if (error.sqlstate == "42501" && !collector.grant.empty()) return std::string(collector.grant);
  if (!error.hint.empty()) return error.hint;
  if (IsMissing(error)) {
    return "The server is patched, or not what its version says; it is asked again on the next "
           "connection (timing.connection_lifetime).";
  }
  if (IsTimeout(error) && collector.cadence == Cadence::kSlow) {
    return "Too many files to list between two pulses; it is asked again more and more rarely. "
           "Tidy up the directory, or raise timing.pulse_interval.";
  }
  return "";
}

std::string FunctionsIn(std::string_view permission) {
  constexpr std::string_view kBefore = "to_regprocedure('";
  std::string functions;
  for (auto at = permission.find(kBefore); at != permission.npos;
       at = permission.find(kBefore, at + 1)) {
    const std::string_view rest = permission.substr(at + kBefore.size());
    functions.append(functions.empty() ? "" : ", ").append(rest.substr(0, rest.find('\'')));
  }
  return functions;
}

}  // namespace pgrepl
