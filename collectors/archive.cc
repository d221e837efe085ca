// WAL archiving as the archiver counts it.
// Source: pg_catalog.pg_stat_archiver (PostgreSQL manual, "pg_stat_archiver"), archive_mode,
// archive_timeout.
// Privilege: none. Always one row; on a standby all zero unless archive_mode is always.
// A hung archive_command shows in none of these: see archive_backlog.cc.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive.h"

#include "collectors/view.h"

#include "collectors/collector.h"
#include "exporter/postgres/wal_file.h"

namespace pgrepl {
namespace {

constexpr Family kEnabled{.name = "pgrepl_archive_enabled",
                          .help =
                              "1 when this server archives: archive_mode on and a primary, or "
                              "always."};
constexpr Family kArchived{.name = "pgrepl_archived_total",
                           .type = MetricType::kCounter,
                           .help = "WAL files archived (pg_stat_archiver.archived_count)."};
constexpr Family kFailed{.name = "pgrepl_archive_failed_total",
                         .type = MetricType::kCounter,
                         .help =
                             "Failed attempts to archive a WAL file "
                             "(pg_stat_archiver.failed_count)."};
constexpr Family kLastSuccess{.name = "pgrepl_archive_last_success_timestamp_seconds",
                              .help =
                                  "When a WAL file was last archived "
                                  "(pg_stat_archiver.last_archived_time)."};
constexpr Family kLastFailure{.name = "pgrepl_archive_last_failure_timestamp_seconds",
                              .help =
                                  "When archiving a WAL file last failed "
                                  "(pg_stat_archiver.last_failed_time)."};
constexpr Family kFailing{.name = "pgrepl_archive_failing",
                          .help =
                              "1 when the last attempt to archive failed, also when none ever "
                              "succeeded (pg_stat_archiver.last_failed_time)."};

constexpr Family kUnarchived{.name = "pgrepl_unarchived_seconds",
                             .help =
                                 "Age of the oldest transaction that is in no archived segment: "
                                 "how far a standby fed by the archive alone is behind at least "
                                 "(pg_stat_archiver.last_archived_wal)."};

constexpr const Family* kFamilies[] = {&kEnabled,     &kArchived, &kFailed,    &kLastSuccess,
                                       &kLastFailure, &kFailing,  &kUnarchived};

constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT current_setting('archive_mode') = 'always'
       OR current_setting('archive_mode') = 'on' AND NOT pg_is_in_recovery(),
       archived_count,
       failed_count,
       extract(epoch FROM last_archived_time)::float8,
       last_failed_time > coalesce(last_archived_time, '-infinity'),
       last_archived_wal,
       pg_size_bytes(current_setting('wal_segment_size')),
       extract(epoch FROM current_setting('archive_timeout')::interval)::float8,
       extract(epoch FROM last_failed_time)::float8
  FROM pg_stat_archiver
)sql"}};

enum Column {
  kIsEnabled,
  kArchivedCount,
  kFailedCount,
  kLastArchived,
  kHasFailed,
  kLastFile,
  kSegmentSize,
  kTimeout,
  kLastFailed,
};

Result<ArchiveFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  ArchiveFact fact{.enabled = row.Bool(kIsEnabled).value_or(false),
                   .archived = row.Number(kArchivedCount).value_or(0),
                   .failed = row.Number(kFailedCount).value_or(0),
                   .last_success = row.Number(kLastArchived),
                   .last_failure = row.Number(kLastFailed),
                   .failing = row.Bool(kHasFailed).value_or(false),
                   .timeout = row.Number(kTimeout).value_or(0)};
  const auto last =
      WalFile::Parse(row.Text(kLastFile).value_or(""), row.Integer(kSegmentSize).value_or(0));
  if (last) fact.archived_end = last->end;
  return fact;
}

void EmitArchiver(const ArchiveFact& fact, Samples& samples) {
  samples.Add(kEnabled, fact.enabled ? 1 : 0);
  samples.Add(kArchived, fact.archived);
  samples.Add(kFailed, fact.failed);
  samples.Add(kLastSuccess, fact.last_success);
  samples.Add(kLastFailure, fact.last_failure);
  // What was counted before a demotion is no failure of the standby.
  samples.Add(kFailing, fact.enabled && fact.failing ? 1 : 0);
}

void Emit(const void* fact, const ServerView& server, Samples& samples) {
  if (fact != nullptr) EmitArchiver(*static_cast<const ArchiveFact*>(fact), samples);
  samples.Add(kUnarchived, server.unarchived_seconds);
}

}  // namespace

extern const Collector kArchive;
constexpr Collector kArchive{.name = "archive",
                             .help = "WAL archiving: counts, last success, failing",
                             .cadence = Cadence::kNormal,
                             .families = kFamilies,
                             .statements = kStatements,
                             .decode = DecodeAs<ArchiveFact, Decode>,
                             .emit = Emit};

}  // namespace pgrepl
