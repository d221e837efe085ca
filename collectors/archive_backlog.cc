// WAL files that wait to be archived: what a hung archive_command shows in.
// Source: pg_ls_archive_statusdir() (PostgreSQL manual, "Generic File Access Functions").
// Privilege: pg_monitor. Zero files: nothing waits. About 3 ms of the server's time per 1 000
// files.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr Family kReady{.name = "pgrepl_archive_ready_files",
                        .help =
                            "WAL files that wait to be archived (pg_ls_archive_statusdir(), "
                            "*.ready)."};
constexpr Family kOldest{.name = "pgrepl_archive_oldest_ready_age_seconds",
                         .help =
                             "How long the oldest of them has waited, 0 when none does; the "
                             "server's clock (pg_ls_archive_statusdir().modification)."};

constexpr const Family* kFamilies[] = {&kReady, &kOldest};

constexpr std::string_view kMayList =
    "SELECT has_function_privilege(to_regprocedure('pg_ls_archive_statusdir()'), 'EXECUTE')";
constexpr std::string_view kList = R"sql(
SELECT count(*),
       extract(epoch FROM clock_timestamp() - min(modification))::float8
  FROM pg_ls_archive_statusdir()
 WHERE name LIKE '%.ready'
)sql";
constexpr Statement kStatements[] = {{.sql = kList, .permission = kMayList}};

enum Column { kCount, kAge };

struct BacklogFact {
  double files = 0;
  double oldest_age = 0;
};

Result<BacklogFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  return BacklogFact{.files = rows[0].Number(kCount).value_or(0),
                     .oldest_age = rows[0].Number(kAge).value_or(0)};
}

void Emit(const BacklogFact& fact, Samples& samples) {
  samples.Add(kReady, fact.files);
  samples.Add(kOldest, fact.oldest_age > 0 ? fact.oldest_age : 0);
}

}  // namespace

extern const Collector kArchiveBacklog;
constexpr Collector kArchiveBacklog{.name = "archive_backlog",
                                    .help = "WAL files that wait to be archived",
                                    .cadence = Cadence::kSlow,
                                    .families = kFamilies,
                                    .statements = kStatements,
                                    .privilege = "pg_monitor",
                                    .decode = DecodeAs<BacklogFact, Decode>,
                                    .emit = EmitFact<BacklogFact, Emit>};

}  // namespace pgrepl
