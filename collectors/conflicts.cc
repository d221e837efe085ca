// Queries that a standby cancelled because they stood in the way of replay, and the oldest that
// would be next.
// Source: pg_catalog.pg_stat_database_conflicts (PostgreSQL manual, "pg_stat_database_conflicts"),
// pg_stat_activity. Columns since: confl_active_logicalslot 16.
// Privilege: pg_read_all_stats (in pg_monitor) for other sessions' transactions, none for the
// counters.
// Counters stay 0 while a query still blocks replay: see recovery.cc. They are kept on the standby,
// and a dropped database takes its own along.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kTypeLabels[] = {"type"};

constexpr Family kCancelled{.name = "pgrepl_recovery_conflicts_total",
                            .type = MetricType::kCounter,
                            .help =
                                "Queries cancelled because they conflicted with replay, all "
                                "databases; active_logicalslot from 16 on "
                                "(pg_stat_database_conflicts).",
                            .labels = kTypeLabels};
constexpr Family kOldest{.name = "pgrepl_oldest_standby_query_seconds",
                         .help =
                             "Age of the oldest transaction of a client on this standby, 0 "
                             "without one (pg_stat_activity.xact_start)."};

constexpr const Family* kFamilies[] = {&kCancelled, &kOldest};

constexpr std::string_view k16 = R"sql(
SELECT pg_has_role('pg_read_all_stats', 'USAGE'),
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start))::float8
          FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       sum(confl_tablespace)::int8,
       sum(confl_lock)::int8,
       sum(confl_snapshot)::int8,
       sum(confl_bufferpin)::int8,
       sum(confl_deadlock)::int8,
       sum(confl_active_logicalslot)::int8
  FROM pg_stat_database_conflicts
)sql";
// Before 15 every member of pg_read_all_stats saw all, later those who inherit from it.
constexpr std::string_view k12 = R"sql(
SELECT pg_has_role('pg_read_all_stats',
                   CASE WHEN current_setting('server_version_num')::int < 150000
                        THEN 'MEMBER' ELSE 'USAGE' END),
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start))::float8
          FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
       sum(confl_tablespace)::int8,
       sum(confl_lock)::int8,
       sum(confl_snapshot)::int8,
       sum(confl_bufferpin)::int8,
       sum(confl_deadlock)::int8,
       NULL
  FROM pg_stat_database_conflicts
)sql";
constexpr Statement kStatements[] = {
    {.min_version = PgVersion(16), .role = Role::kStandby, .sql = k16},
    {.role = Role::kStandby, .sql = k12},
};

enum Column { kMaySee, kOldestAge, kFirstType };
constexpr std::string_view kTypes[] = {"tablespace", "lock",     "snapshot",
                                       "bufferpin",  "deadlock", "active_logicalslot"};

struct ConflictsFact {
  std::array<std::optional<double>, std::size(kTypes)> cancelled;
  std::optional<double> oldest;  ///< seconds; nullopt when sessions are hidden from our role
};

Result<ConflictsFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  ConflictsFact fact;
  if (row.Bool(kMaySee).value_or(false)) {
    fact.oldest = std::max(row.Number(kOldestAge).value_or(0), 0.0);
  }
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    fact.cancelled[i] = row.Number(kFirstType + static_cast<int>(i));
  }
  return fact;
}

void Emit(const ConflictsFact& fact, Samples& samples) {
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    samples.Add(kCancelled, fact.cancelled[i], {kTypes[i]});
  }
  samples.Add(kOldest, fact.oldest);
}

std::optional<Error> Hidden(const ConflictsFact& fact) {
  if (fact.oldest) return std::nullopt;
  return Error{"pg_stat_activity hides other sessions from this role", "42501",
               "GRANT pg_monitor TO the exporter's role."};
}

}  // namespace

extern const Collector kConflicts;
constexpr Collector kConflicts{.name = "conflicts",
                               .help = "queries that stood in the way of replay",
                               .cadence = Cadence::kNormal,
                               .families = kFamilies,
                               .statements = kStatements,
                               .privilege = "pg_monitor for pgrepl_oldest_standby_query_seconds",
                               .decode = DecodeAs<ConflictsFact, Decode>,
                               .hidden = HiddenIn<ConflictsFact, Hidden>,
                               .emit = EmitFact<ConflictsFact, Emit>};

}  // namespace pgrepl
