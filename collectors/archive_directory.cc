// What lies in the WAL archive directory that the configuration names (archive_directory): read from
// the local file system where it is one (collect/directory_reader), else through the server.
// Source: pg_ls_dir(), pg_stat_file() (PostgreSQL manual, "Generic File Access Functions").
// Privilege: pg_read_server_files and EXECUTE on both functions, or none for a local path.
// Segments in folders of their own, as pgBackRest's, are not seen: then there is no gap to tell.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/archive_directory.h"

#include <algorithm>
#include <iterator>

#include "collectors/collector.h"
#include "collectors/view.h"
#include "exporter/postgres/wal_file.h"

namespace pgrepl {
namespace {

constexpr Family kBytes{.name = "pgrepl_archive_size_bytes",
                        .help =
                            "Size of the files in the archive directory (config: "
                            "archive_directory)."};
constexpr Family kFiles{.name = "pgrepl_archive_files",
                        .help = "Files in the archive directory (config: archive_directory)."};
constexpr Family kGap{.name = "pgrepl_archive_gap",
                      .help =
                          "WAL segments that the archive directory lacks between its oldest and "
                          "its newest of the newest timeline: recovery from an earlier backup "
                          "ends before the first of them (config: archive_directory)."};

constexpr Family kFilesystemSize{.name = "pgrepl_archive_filesystem_size_bytes",
                                 .help =
                                     "Size of the file system that holds the archive directory, "
                                     "where that is a local path (config: archive_directory)."};
constexpr Family kFilesystemAvail{.name = "pgrepl_archive_filesystem_avail_bytes",
                                  .help =
                                      "Bytes that can still be written there (config: "
                                      "archive_directory)."};

constexpr const Family* kFamilies[] = {&kBytes, &kFiles, &kGap, &kFilesystemSize,
                                       &kFilesystemAvail};

// What archive_command may have added to a segment's name; ".partial" and temporary names are none.
constexpr std::string_view kSuffixes[] = {".gz",  ".bz2",  ".lz4", ".lzo", ".xz",
                                          ".zst", ".zstd", ".gpg", ".age", ".enc"};

constexpr std::string_view kMayList = R"sql(
SELECT has_function_privilege(to_regprocedure('pg_ls_dir(text)'), 'EXECUTE')
       AND has_function_privilege(to_regprocedure('pg_stat_file(text,boolean)'), 'EXECUTE')
       AND (pg_has_role('pg_read_server_files', 'USAGE') OR $1::text NOT LIKE '/%')
)sql";
// A file that vanishes between the listing and the stat counts as nothing (missing_ok). The pattern
// is SegmentOf's.
constexpr std::string_view kList = R"sql(
SELECT count(size),
       coalesce(sum(size), 0)::int8,
       min(segment) FILTER (WHERE left(segment, 8) = newest_timeline),
       max(segment) FILTER (WHERE left(segment, 8) = newest_timeline),
       count(DISTINCT segment) FILTER (WHERE left(segment, 8) = newest_timeline)
  FROM (SELECT size, segment, max(left(segment, 8)) OVER () AS newest_timeline
          FROM (SELECT f.size,
                       CASE WHEN name ~ ('^[0-9A-F]{24}'
                                         '(\.(gz|bz2|lz4|lzo|xz|zst|zstd|gpg|age|enc))*$')
                            THEN left(name, 24) COLLATE "C" END AS segment
                  FROM pg_ls_dir($1::text) AS name,
                       pg_stat_file($1::text || '/' || name, true) AS f
                 WHERE NOT f.isdir) AS file) AS dated
)sql";
constexpr Statement kStatements[] = {{.sql = kList, .permission = kMayList}};

enum Column { kCount, kSize, kOldest, kNewest, kSegments };

Result<ArchiveDirectoryFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  return ArchiveDirectoryFact{.files = row.Integer(kCount).value_or(0),
                              .bytes = row.Integer(kSize).value_or(0),
                              .oldest = row.Name(kOldest),
                              .newest = row.Name(kNewest),
                              .segments = row.Integer(kSegments).value_or(0)};
}

// nullopt: there are no segments, or it isn't known how large they are.
std::optional<double> GapOf(const ArchiveDirectoryFact& fact, std::int64_t segment_bytes) {
  const auto oldest = WalFile::Parse(fact.oldest, segment_bytes);
  const auto newest = WalFile::Parse(fact.newest, segment_bytes);
  if (!oldest || !newest) return std::nullopt;
  const double all = BytesBetween(oldest->start, newest->end) / static_cast<double>(segment_bytes);
  return std::max(all - static_cast<double>(fact.segments), 0.0);
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  if (opaque == nullptr) return;
  const auto& fact = *static_cast<const ArchiveDirectoryFact*>(opaque);
  samples.Add(kBytes, static_cast<double>(fact.bytes));
  samples.Add(kFiles, static_cast<double>(fact.files));
  samples.Add(kGap, GapOf(fact, server.wal_segment_bytes));
  if (!fact.filesystem) return;
  samples.Add(kFilesystemSize, fact.filesystem->size);
  samples.Add(kFilesystemAvail, fact.filesystem->avail);
}

}  // namespace

std::string_view SegmentOf(std::string_view file_name) {
  constexpr std::size_t kLength = 24;
  const std::string_view segment = file_name.substr(0, kLength);
  if (segment.size() < kLength ||
      segment.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
    return "";
  }
  std::string_view rest = file_name.substr(kLength);
  while (!rest.empty()) {
    const std::string_view suffix = rest.substr(0, rest.find('.', 1));
    if (std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) == std::end(kSuffixes)) {
      return "";
    }
    rest.remove_prefix(suffix.size());
  }
  return segment;
}

extern const Collector kArchiveDirectory;
constexpr Collector kArchiveDirectory{.name = "archive_directory",
                                      .help = "size of the WAL archive, and what is missing in it",
                                      .cadence = Cadence::kSlow,
                                      .families = kFamilies,
                                      .statements = kStatements,
                                      .needs = Needs::kArchiveDirectory,
                                      .privilege =
                                          "none for a local path; through the server "
                                          "pg_read_server_files, and EXECUTE on pg_ls_dir(text) "
                                          "and pg_stat_file(text, boolean)",
                                      .grant =
                                          "Let the exporter see the directory as a local path, "
                                          "or GRANT pg_read_server_files, and EXECUTE on "
                                          "pg_ls_dir(text) and pg_stat_file(text, boolean), TO "
                                          "its role.",
                                      .decode = DecodeAs<ArchiveDirectoryFact, Decode>,
                                      .emit = Emit};

}  // namespace pgrepl
