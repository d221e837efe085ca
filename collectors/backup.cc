// Base backups that are being taken from each server, a primary or a standby.
// Source: pg_catalog.pg_stat_progress_basebackup (13+; PostgreSQL manual, "Base Backup Progress
// Reporting"), on 12 pg_stat_replication, which knows neither phases nor bytes.
// Privilege: pg_read_all_stats (in pg_monitor), else all columns but pid are NULL.
// Zero rows: none is being taken. What is copied without BASE_BACKUP, as by pgBackRest or a snapshot,
// is in neither view.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kPhaseLabels[] = {"phase"};
// The view's own, with underscores.
constexpr std::string_view kPhases[] = {"initializing",
                                        "waiting_for_checkpoint_to_finish",
                                        "estimating_backup_size",
                                        "streaming_database_files",
                                        "waiting_for_wal_archiving_to_finish",
                                        "transferring_wal_files",
                                        "other"};

constexpr Family kBackups{.name = "pgrepl_base_backups",
                          .help =
                              "Base backups being taken, by phase; on 12 each is other "
                              "(pg_stat_progress_basebackup.phase, on 12 "
                              "pg_stat_replication.state).",
                          .labels = kPhaseLabels};
constexpr Family kStreamed{.name = "pgrepl_base_backup_streamed_bytes",
                           .help =
                               "Bytes that these base backups have sent so far, all together, 13 "
                               "and later (pg_stat_progress_basebackup.backup_streamed)."};
constexpr Family kTotal{.name = "pgrepl_base_backup_total_bytes",
                        .help =
                            "Bytes that these base backups are estimated to send in the end, "
                            "absent while one has no estimate, 13 and later "
                            "(pg_stat_progress_basebackup.backup_total)."};

constexpr const Family* kFamilies[] = {&kBackups, &kStreamed, &kTotal};

constexpr Statement kStatements[] = {{.min_version = PgVersion(13), .sql = R"sql(
SELECT phase, backup_streamed, backup_total
  FROM pg_stat_progress_basebackup
 LIMIT 1000
)sql"},
                                     {.sql = R"sql(
SELECT state, NULL, NULL
  FROM pg_stat_replication
 WHERE coalesce(state, 'backup') = 'backup'
 LIMIT 1000
)sql"}};

enum Column { kPhase, kBytesStreamed, kBytesTotal };

struct BackupFact {
  std::array<double, std::size(kPhases)> count{};
  std::optional<double> streamed = 0, total = 0;  ///< nullopt: not known of one of them at least
};

std::size_t IndexOf(std::string phase) {
  std::replace(phase.begin(), phase.end(), ' ', '_');
  const auto* known = std::find(std::begin(kPhases), std::end(kPhases) - 1, phase);
  return static_cast<std::size_t>(known - std::begin(kPhases));
}

std::optional<double> Sum(std::optional<double> sum, std::optional<double> next) {
  return sum && next ? std::optional<double>(*sum + *next) : std::nullopt;
}

Result<BackupFact> Decode(const Rows& rows) {
  BackupFact fact;
  for (int i = 0; i < rows.size(); ++i) {
    const Row row = rows[i];
    if (!row.Text(kPhase)) {
      return Error{"base backups are hidden from this role", "42501",
                   "GRANT pg_monitor TO the exporter's role."};
    }
    fact.count[IndexOf(row.Name(kPhase))] += 1;
    fact.streamed = Sum(fact.streamed, row.Number(kBytesStreamed));
    fact.total = Sum(fact.total, row.Number(kBytesTotal));
  }
  return fact;
}

void Emit(const BackupFact& fact, Samples& samples) {
  for (std::size_t i = 0; i < fact.count.size(); ++i) {
    samples.Add(kBackups, fact.count[i], {kPhases[i]});
  }
  samples.Add(kStreamed, fact.streamed);
  samples.Add(kTotal, fact.total);
}

}  // namespace

extern const Collector kBackup;
constexpr Collector kBackup{.name = "backup",
                            .help = "base backups being taken, and how far they are",
                            .cadence = Cadence::kNormal,
                            .families = kFamilies,
                            .statements = kStatements,
                            .privilege = "pg_monitor, once a base backup runs",
                            .decode = DecodeAs<BackupFact, Decode>,
                            .emit = EmitFact<BackupFact, Emit>};

}  // namespace pgrepl
