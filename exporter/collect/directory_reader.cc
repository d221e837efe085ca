// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/directory_reader.h"

#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl {

struct DirectoryReader::Shared {
  Mutex mutex;
  ConditionVariable wake;
  bool stopping PGREPL_GUARDED_BY(mutex) = false;
  int running PGREPL_GUARDED_BY(mutex) = 0;

  // False once the reader is being destroyed.
  bool Deliver(const Report& report, std::optional<ArchiveDirectoryFact> fact, Duration interval) {
    MutexLock lock(mutex);
    if (stopping) return false;
    report(fact);
    const Time next = Now() + interval;
    while (!stopping && Now() < next) wake.wait_for(mutex, next - Now());
    return !stopping;
  }
};

std::optional<ArchiveDirectoryFact> ReadArchiveDirectory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  ArchiveDirectoryFact fact;
  fs::directory_iterator entry(path, error);
  if (error) return std::nullopt;
  for (; entry != fs::directory_iterator(); entry.increment(error)) {
    // A file may vanish between the listing and its size: it counts as nothing.
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    const auto size = entry->file_size(gone);
    if (gone) continue;
    ++fact.files;
    fact.bytes += static_cast<std::int64_t>(size);
  }
  // An increment that fails ends the loop: what was counted till then is no size.
  if (error) return std::nullopt;
  return fact;
}

DirectoryReader::DirectoryReader() : shared_(std::make_shared<Shared>()) {}

DirectoryReader::~DirectoryReader() { Stop(); }

bool DirectoryReader::Stop() {
  MutexLock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->wake.notify_all();
  const Time deadline = Now() + std::chrono::milliseconds(200);
  while (shared_->running > 0 && Now() < deadline) {
    shared_->wake.wait_for(shared_->mutex, deadline - Now());
  }
  return shared_->running == 0;
}

void DirectoryReader::Watch(std::string path, Duration interval, Report report) {
  {
    MutexLock lock(shared_->mutex);
    ++shared_->running;
  }
  std::thread([shared = shared_, path = std::move(path), interval, report = std::move(report)] {
    while (shared->Deliver(report, ReadArchiveDirectory(path), interval)) {
    }
    MutexLock lock(shared->mutex);
    --shared->running;
    shared->wake.notify_all();
  }).detach();
}

}  // namespace pgrepl
