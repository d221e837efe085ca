// A collector is a constant (or made of the configuration, query.h): what it is called, how often it
// runs, its families, its statements by version and role, a pure decode from rows to a typed fact, and
// a pure emit from fact to samples. Neither does I/O, looks at a clock, or logs. To add one, copy
// archive.cc (CONTRIBUTING.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"
#include "exporter/metrics/family.h"
#include "exporter/metrics/page.h"
#include "exporter/postgres/rows.h"
#include "exporter/postgres/statement.h"

namespace pgrepl {

struct ServerView;   // view.h
struct ClusterView;  // view.h

/// How often a collector's statement runs (config: timing).
enum class Cadence {
  kPulse,   ///< what the truth about lag needs; together, every second
  kNormal,  ///< with the pulse that is next when due
  kSlow,    ///< directory listings and queries; alone, never beside a pulse
};

/// What a statement takes as $1; a server whose configuration lacks it is skipped.
enum class Needs { kNothing, kArchiveDirectory };

/// What one run of a collector's statement told about one server. Immutable, shared by threads.
using FactPtr = std::shared_ptr<const void>;

struct Collector {
  std::string_view name;  ///< file stem = collectors.def = config key = label = docs anchor
  std::string_view help;  ///< one line for --help and docs/metrics.md
  Cadence cadence = Cadence::kNormal;
  std::span<const Family* const> families;
  std::span<const Statement> statements = {};  ///< newest first; none fits: skipped there
  Needs needs = Needs::kNothing;
  std::string_view privilege = {};  ///< what our role needs, for docs/metrics.md; empty: nothing
  std::string_view grant = {};      ///< the hint when rights are missing, where it isn't pg_monitor
  bool keep_while_down = false;     ///< the last fact stays, however old, until the server is back
  Duration interval{};              ///< how often, where the cadence alone doesn't say
  bool is_foreign = false;          ///< its SQL isn't ours: see Pipeline::Query::rolled_back
  /// What to do about a statement that the server refused with this SQLSTATE; empty: unknown.
  std::string_view (*hint)(std::string_view sqlstate) = nullptr;
  Result<FactPtr> (*decode)(const Collector& self, const Rows& rows) = nullptr;
  /// What of a fact our role may not see. The run has failed then, for want of rights; what it told
  /// counts all the same.
  std::optional<Error> (*hidden)(const void* fact) = nullptr;
  /// `fact` is nullptr when there is none, or none that is fresh enough to be true.
  void (*emit)(const void* fact, const ServerView& server, Samples& samples) = nullptr;
  void (*emit_cluster)(const ClusterView& cluster, Samples& samples) = nullptr;
};

/// Adapts `Result<Fact> Decode(const Rows&)` to Collector::decode.
template <typename Fact, Result<Fact> (*Decode)(const Rows&)>
Result<FactPtr> DecodeAs(const Collector& /*self*/, const Rows& rows) {
  Result<Fact> fact = Decode(rows);
  if (!fact) return fact.error();
  return FactPtr(std::make_shared<const Fact>(std::move(*fact)));
}

/// Adapts `std::optional<Error> Hidden(const Fact&)` to Collector::hidden.
template <typename Fact, std::optional<Error> (*Hidden)(const Fact&)>
std::optional<Error> HiddenIn(const void* fact) {
  return Hidden(*static_cast<const Fact*>(fact));
}

/// Adapts `void Emit(const Fact&, Samples&)`: for facts that need nothing else; no fact, no
/// samples.
template <typename Fact, void (*Emit)(const Fact&, Samples&)>
void EmitFact(const void* fact, const ServerView& /*server*/, Samples& samples) {
  if (fact != nullptr) Emit(*static_cast<const Fact*>(fact), samples);
}

/// Adapts `void Emit(const ServerView&, Samples&)`: for what cluster/ evaluated.
template <void (*Emit)(const ServerView&, Samples&)>
void EmitView(const void* /*fact*/, const ServerView& server, Samples& samples) {
  Emit(server, samples);
}

}  // namespace pgrepl
