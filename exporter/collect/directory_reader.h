// Looks at directories that are local to the exporter, each on a thread of its own: a file system
// that hangs holds up that directory alone, and never the process's end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "collectors/archive_directory.h"
#include "collectors/collector.h"
#include "exporter/base/clock.h"
#include "exporter/base/filesystem.h"
#include "exporter/base/hanging_threads.h"
#include "exporter/base/result.h"

namespace pgrepl {

// Both may wait for the file system.
Result<ArchiveDirectoryFact> ReadArchiveDirectory(const std::string& path);
/// Of any path on it.
Result<FilesystemFact> ReadFilesystem(const std::string& path);

class DirectoryReader {
 public:
  /// Looks once, and may wait for the file system.
  using Look = std::function<Result<FactPtr>()>;
  using Report = std::function<void(Result<FactPtr>)>;

  DirectoryReader();
  /// As Stop.
  ~DirectoryReader();
  DirectoryReader(const DirectoryReader&) = delete;
  DirectoryReader& operator=(const DirectoryReader&) = delete;

  /// A directory that is looked at, for as long as this lives.
  class Watching;

  /// Calls `look` now and every `interval`, and `report` with what it found, on a thread of its own,
  /// until what is returned is destroyed; by then no report is under way.
  [[nodiscard]] std::unique_ptr<Watching> Watch(Look look, Duration interval, Report report);

  /// All reports cease. False when a thread still waits for its file system: it ends by itself.
  bool Stop();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  HangingThreads threads_;
};

class DirectoryReader::Watching {
 public:
  explicit Watching(std::shared_ptr<Shared> shared);
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  friend class DirectoryReader;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<bool> ended_;  ///< guarded by the mutex of `shared_`
};

}  // namespace pgrepl
