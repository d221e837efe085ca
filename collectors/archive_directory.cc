// Size of the WAL archive directory that the configuration names (archive_directory): read from the
// local file system where it is one (collect/directory_reader), else through the server.
// Source: pg_ls_dir(), pg_stat_file() (PostgreSQL manual, "Generic File Access Functions").
// Privilege: pg_read_server_files and EXECUTE on both functions, or none for a local path.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive_directory.h"

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr Family kBytes{.name = "pgrepl_archive_size_bytes",
                        .help =
                            "Size of the files in the archive directory (config: "
                            "archive_directory)."};
constexpr Family kFiles{.name = "pgrepl_archive_files",
                        .help = "Files in the archive directory (config: archive_directory)."};

constexpr const Family* kFamilies[] = {&kBytes, &kFiles};

// A file that vanishes between the listing and the stat counts as nothing (missing_ok).
constexpr Statement kStatements[] = {{.sql = R"sql(
SELECT count(f.size), coalesce(sum(f.size), 0)::int8
  FROM pg_ls_dir($1::text) AS name,
       pg_stat_file($1::text || '/' || name, true) AS f
 WHERE NOT f.isdir
)sql"}};

enum Column { kCount, kSize };

Result<ArchiveDirectoryFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  return ArchiveDirectoryFact{.files = rows[0].Integer(kCount).value_or(0),
                              .bytes = rows[0].Integer(kSize).value_or(0)};
}

void Emit(const ArchiveDirectoryFact& fact, Samples& samples) {
  samples.Add(kBytes, static_cast<double>(fact.bytes));
  samples.Add(kFiles, static_cast<double>(fact.files));
}

}  // namespace

extern const Collector kArchiveDirectory;
constexpr Collector kArchiveDirectory{.name = "archive_directory",
                                      .help = "size of the WAL archive directory",
                                      .cadence = Cadence::kSlow,
                                      .families = kFamilies,
                                      .statements = kStatements,
                                      .needs = Needs::kArchiveDirectory,
                                      .grant =
                                          "Let the exporter see the directory as a local path, "
                                          "or GRANT pg_read_server_files, and EXECUTE on "
                                          "pg_ls_dir(text) and pg_stat_file(text, boolean), TO "
                                          "its role.",
                                      .decode = DecodeAs<ArchiveDirectoryFact, Decode>,
                                      .emit = EmitFact<ArchiveDirectoryFact, Emit>};

}  // namespace pgrepl
