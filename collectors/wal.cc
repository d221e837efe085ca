// The WAL that each server still has: how much, and how far back a standby without a slot may still
// begin to stream.
// Source: pg_ls_waldir() (PostgreSQL manual, "Generic File Access Functions"), wal_segment_size.
// Privilege: pg_monitor. Segments only: neither .history and .partial files nor folders count.
// 4 to 7 ms of the server's time per 1 000 files.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/wal.h"

#include "collectors/collector.h"
#include "exporter/postgres/wal_file.h"

namespace pgrepl {
namespace {

constexpr Family kFiles{.name = "pgrepl_wal_files",
                        .help =
                            "WAL segments on disk, those prepared for later use among them "
                            "(pg_ls_waldir())."};
constexpr Family kBytes{.name = "pgrepl_wal_directory_bytes",
                        .help = "Size of the WAL segments on disk (pg_ls_waldir().size)."};
constexpr Family kOldestKept{.name = "pgrepl_wal_oldest_kept_bytes",
                             .help =
                                 "Start of the oldest WAL segment on disk, bytes since 0/0: a "
                                 "standby that needs older WAL gets none here "
                                 "(pg_ls_waldir().name)."};

constexpr const Family* kFamilies[] = {&kFiles, &kBytes, &kOldestKept};

constexpr std::string_view kMayList =
    "SELECT has_function_privilege(to_regprocedure('pg_ls_waldir()'), 'EXECUTE')";
// Of a name the timeline stands first: after a promotion the older one's files may be the newer.
constexpr std::string_view kList = R"sql(
SELECT count(*),
       sum(size)::int8,
       '00000001' || min(substr(name, 9) COLLATE "C"),
       pg_size_bytes(current_setting('wal_segment_size'))
  FROM pg_ls_waldir()
 WHERE name ~ '^[0-9A-F]{24}$'
)sql";
constexpr Statement kStatements[] = {{.sql = kList, .permission = kMayList}};

enum Column { kCount, kSize, kOldestName, kSegmentSize };

Result<WalFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  WalFact fact{.files = row.Number(kCount).value_or(0), .bytes = row.Number(kSize).value_or(0)};
  const auto oldest =
      WalFile::Parse(row.Text(kOldestName).value_or(""), row.Integer(kSegmentSize).value_or(0));
  if (oldest) fact.oldest = oldest->start;
  return fact;
}

void Emit(const WalFact& fact, Samples& samples) {
  samples.Add(kFiles, fact.files);
  samples.Add(kBytes, fact.bytes);
  if (fact.oldest) samples.Add(kOldestKept, static_cast<double>(fact.oldest->bytes));
}

}  // namespace

extern const Collector kWal;
constexpr Collector kWal{.name = "wal",
                         .help = "WAL on disk: segments, size, how far back it reaches",
                         .cadence = Cadence::kSlow,
                         .families = kFamilies,
                         .statements = kStatements,
                         .privilege = "pg_monitor",
                         .decode = DecodeAs<WalFact, Decode>,
                         .emit = EmitFact<WalFact, Emit>};

}  // namespace pgrepl
