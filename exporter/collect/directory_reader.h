// Reads the archive directories that are local to the exporter, each on a thread of its own: a file
// system that hangs holds up that directory alone, and never the process's end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "collectors/archive_directory.h"
#include "exporter/base/clock.h"

namespace pgrepl {

/// nullopt when `path` can't be read from here.
std::optional<ArchiveDirectoryFact> ReadArchiveDirectory(const std::string& path);

class DirectoryReader {
 public:
  using Report = std::function<void(std::optional<ArchiveDirectoryFact>)>;

  DirectoryReader();
  /// As Stop.
  ~DirectoryReader();
  DirectoryReader(const DirectoryReader&) = delete;
  DirectoryReader& operator=(const DirectoryReader&) = delete;

  /// Reads `path` now and every `interval`, calling `report` on the thread that read it.
  void Watch(std::string path, Duration interval, Report report);

  /// Reports cease. False when a thread still waits for its file system: it ends by itself.
  bool Stop();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace pgrepl
