// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/directory_reader.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "exporter/base/log.h"
#include "exporter/base/mutex.h"

namespace pgrepl {

struct DirectoryReader::Shared {
  Mutex mutex;
  ConditionVariable wake;
  bool stopping PGREPL_GUARDED_BY(mutex) = false;

  // False once nobody wants it any more.
  bool Deliver(const Report& report, Result<FactPtr> fact, Duration interval, const bool& ended) {
    MutexLock lock(mutex);
    if (stopping || ended) return false;
    report(std::move(fact));
    const Time next = Now() + interval;
    while (!stopping && !ended && Now() < next) wake.wait_for(mutex, next - Now());
    return !stopping && !ended;
  }
};

namespace {

Error Unreadable(const std::string& path, const std::error_code& why) {
  return {"cannot read " + path + ": " + why.message(), "",
          "Name a path that this machine has, and let the exporter's user search the directories "
          "on the way to it."};
}

/// The segments of the newest timeline among those that were added.
class NewestSegments {
 public:
  void Add(std::string_view segment) {
    if (segment.empty()) return;
    const std::string_view timeline = segment.substr(0, kTimelineLength);
    if (timeline > timeline_) {
      timeline_ = timeline;
      names_.clear();
    }
    if (timeline == timeline_) names_.emplace_back(segment);
  }

  void CountInto(ArchiveDirectoryFact& fact) {
    if (names_.empty()) return;
    std::sort(names_.begin(), names_.end());
    // One may be there both plain and compressed.
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    fact.oldest = names_.front();
    fact.newest = names_.back();
    fact.segments = static_cast<std::int64_t>(names_.size());
  }

 private:
  static constexpr std::size_t kTimelineLength = 8;
  std::string timeline_;
  std::vector<std::string> names_;
};

}  // namespace

Result<ArchiveDirectoryFact> ReadArchiveDirectory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  ArchiveDirectoryFact fact;
  NewestSegments segments;
  fs::directory_iterator entry(path, error);
  if (error) return Unreadable(path, error);
  for (; entry != fs::directory_iterator(); entry.increment(error)) {
    // A file may vanish between the listing and its size: it counts as nothing.
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    const auto size = entry->file_size(gone);
    if (gone) continue;
    ++fact.files;
    fact.bytes += static_cast<std::int64_t>(size);
    segments.Add(SegmentOf(entry->path().filename().string()));
  }
  // An increment that fails ends the loop: what was counted till then is no size.
  if (error) return Unreadable(path, error);
  segments.CountInto(fact);
  const Result<FilesystemFact> filesystem = ReadFilesystem(path);
  if (filesystem) fact.filesystem = *filesystem;
  return fact;
}

Result<FilesystemFact> ReadFilesystem(const std::string& path) {
  struct statvfs found {};
  if (statvfs(path.c_str(), &found) != 0) {
    return Unreadable(path, std::error_code(errno, std::generic_category()));
  }
  const auto block = static_cast<double>(found.f_frsize);
  return FilesystemFact{.size = block * static_cast<double>(found.f_blocks),
                        .avail = block * static_cast<double>(found.f_bavail)};
}

DirectoryReader::DirectoryReader() : shared_(std::make_shared<Shared>()) {}

DirectoryReader::~DirectoryReader() { Stop(); }

bool DirectoryReader::Stop() {
  {
    MutexLock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->wake.notify_all();
  }
  return threads_.Join();
}

std::unique_ptr<DirectoryReader::Watching> DirectoryReader::Watch(Look look, Duration interval,
                                                                  Report report) {
  auto watching = std::make_unique<Watching>(shared_);
  const bool started =
      threads_.Start([shared = shared_, ended = watching->ended_, look = std::move(look), interval,
                      report = std::move(report)] {
        while (shared->Deliver(report, look(), interval, *ended)) {
        }
      });
  if (!started) log::Error("a directory is not looked at: no more threads can be started");
  return watching;
}

DirectoryReader::Watching::Watching(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)), ended_(std::make_shared<bool>(false)) {}

DirectoryReader::Watching::~Watching() {
  MutexLock lock(shared_->mutex);
  *ended_ = true;
  shared_->wake.notify_all();
}

}  // namespace pgrepl
