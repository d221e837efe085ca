// The room on the file system that holds each server's pg_wal: PostgreSQL stops when there is none.
// Source: statvfs() of a local path (config: wal_directory; collect/directory_reader). No function of
// PostgreSQL tells it, so of a server elsewhere there is the size that the configuration says
// (wal_filesystem_size), and what is available is not made up: what lies beside pg_wal isn't known.
// Privilege: search permission for the path, none in PostgreSQL.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/filesystem.h"

#include "collectors/collector.h"
#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr Family kSize{.name = "pgrepl_wal_filesystem_size_bytes",
                       .help =
                           "Size of the file system that holds pg_wal, as measured (config: "
                           "wal_directory) or as configured (config: wal_filesystem_size)."};
constexpr Family kAvail{.name = "pgrepl_wal_filesystem_avail_bytes",
                        .help =
                            "Bytes that PostgreSQL can still write there, only where they are "
                            "measured (config: wal_directory)."};

constexpr const Family* kFamilies[] = {&kSize, &kAvail};

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  if (opaque == nullptr) {
    samples.Add(kSize, server.wal_filesystem_bytes);
    return;
  }
  const auto& fact = *static_cast<const FilesystemFact*>(opaque);
  samples.Add(kSize, fact.size);
  samples.Add(kAvail, fact.avail);
}

}  // namespace

extern const Collector kWalFilesystem;
constexpr Collector kWalFilesystem{.name = "wal_filesystem",
                                   .help = "room on the file system of pg_wal",
                                   .cadence = Cadence::kNormal,
                                   .families = kFamilies,
                                   .emit = Emit};

}  // namespace pgrepl
