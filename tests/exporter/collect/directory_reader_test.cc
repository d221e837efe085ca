// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/directory_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "exporter/base/mutex.h"

namespace pgrepl {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class DirectoryReaderTest : public testing::Test {
 protected:
  DirectoryReaderTest() { folder_ = mkdtemp(std::string("/tmp/pgrepl-directory-XXXXXX").data()); }
  ~DirectoryReaderTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, std::size_t bytes) const {
    std::ofstream(folder_ / name) << std::string(bytes, 'x');
  }

  fs::path folder_;
};

std::string Read(const fs::path& path) {
  const auto fact = ReadArchiveDirectory(path);
  if (!fact) return fact.error().message;
  return std::to_string(fact->files) + " files, " + std::to_string(fact->bytes) + " bytes";
}

TEST_F(DirectoryReaderTest, CountsFilesAndBytes) {
  EXPECT_EQ(Read(folder_), "0 files, 0 bytes");
  Write("000000010000000000000001", 100);
  Write("000000010000000000000002.gz", 10);
  Write("00000002.history", 0);
  EXPECT_EQ(Read(folder_), "3 files, 110 bytes");
}

TEST_F(DirectoryReaderTest, CountsFilesOnly) {
  Write("file", 100);
  fs::create_directory(folder_ / "directory");
  fs::create_symlink(folder_ / "gone", folder_ / "dangling");
  EXPECT_EQ(Read(folder_), "1 files, 100 bytes");
  // An archive may be moved to another disk, file by file.
  fs::create_symlink(folder_ / "file", folder_ / "link");
  EXPECT_EQ(Read(folder_), "2 files, 200 bytes");
}

TEST_F(DirectoryReaderTest, SizesBeyondFourGigabytesAreExact) {
  Write("sparse", 0);
  fs::resize_file(folder_ / "sparse", (1ULL << 40) + 1);
  EXPECT_EQ(Read(folder_), "1 files, 1099511627777 bytes");
}

TEST_F(DirectoryReaderTest, WhatIsNoDirectoryHereIsToldApartFromAnEmptyOne) {
  Write("file", 1);
  EXPECT_EQ(Read(folder_ / "file"), "cannot read " + folder_.string() + "/file: Not a directory");
  EXPECT_EQ(Read(folder_ / "gone"),
            "cannot read " + folder_.string() + "/gone: No such file or directory");
  EXPECT_EQ(Read(""), "cannot read : No such file or directory");
}

TEST_F(DirectoryReaderTest, SegmentsAreThoseOfTheNewestTimeline) {
  for (const char* name :
       {"000000010000000000000001", "000000010000000000000009", "000000020000000000000004",
        "000000020000000000000006", "00000003.history", "000000020000000000000007.partial"}) {
    Write(name, 1);
  }
  const auto fact = ReadArchiveDirectory(folder_);
  EXPECT_EQ(fact->files, 6);
  EXPECT_EQ(fact->oldest, "000000020000000000000004");
  EXPECT_EQ(fact->newest, "000000020000000000000006");
  EXPECT_EQ(fact->segments, 2);
}

TEST_F(DirectoryReaderTest, ASegmentThatIsThereTwiceIsOne) {
  for (const char* name :
       {"000000010000000000000001", "000000010000000000000001.gz", "000000010000000000000002.gz"}) {
    Write(name, 1);
  }
  const auto fact = ReadArchiveDirectory(folder_);
  EXPECT_EQ(fact->newest, "000000010000000000000002") << "as it is called in pg_wal";
  EXPECT_EQ(fact->segments, 2);
}

TEST_F(DirectoryReaderTest, WithoutSegmentsThereIsNeitherAnOldestNorANewest) {
  Write("archive.info", 1);
  const auto fact = ReadArchiveDirectory(folder_);
  EXPECT_EQ(fact->oldest + fact->newest, "");
  EXPECT_EQ(fact->segments, 0);
}

TEST_F(DirectoryReaderTest, FilesystemIsMeasuredByAnyPathOnIt) {
  Write("file", 1);
  const auto space = fs::space(folder_);
  for (const fs::path& path : {folder_, folder_ / "file"}) {
    const auto fact = ReadFilesystem(path);
    ASSERT_TRUE(fact) << fact.error().message;
    EXPECT_EQ(fact->size, static_cast<double>(space.capacity));
    // Others write there as well.
    EXPECT_NEAR(fact->avail, static_cast<double>(space.available), fact->size / 10);
    EXPECT_GT(fact->avail, 0);
  }
}

TEST_F(DirectoryReaderTest, AnArchiveComesWithTheRoomOnItsFilesystem) {
  const auto fact = ReadArchiveDirectory(folder_);
  ASSERT_TRUE(fact->filesystem);
  EXPECT_EQ(fact->filesystem->size, static_cast<double>(fs::space(folder_).capacity));
}

TEST_F(DirectoryReaderTest, FilesystemThatIsNotThereSaysWhatToDo) {
  const auto fact = ReadFilesystem(folder_ / "gone");
  ASSERT_FALSE(fact);
  EXPECT_EQ(fact.error().message,
            "cannot read " + folder_.string() + "/gone: No such file or directory");
  EXPECT_EQ(
      fact.error().hint,
      "Name a path that this machine has, and let the exporter's user search the directories on "
      "the way to it.");
}

DirectoryReader::Look At(const fs::path& path) {
  return [path]() -> Result<FactPtr> {
    const auto fact = ReadArchiveDirectory(path);
    if (!fact) return fact.error();
    return FactPtr(std::make_shared<const ArchiveDirectoryFact>(*fact));
  };
}

// Collects reports from the reader's thread; -1: unreadable.
class Reports {
 public:
  DirectoryReader::Report Collect() {
    return [this](const Result<FactPtr>& fact) {
      MutexLock lock(mutex_);
      files_.push_back(fact ? static_cast<const ArchiveDirectoryFact*>(fact->get())->files
                            : std::int64_t{-1});
      came_.notify_all();
    };
  }

  // True once a report says that many files; -1: unreadable.
  bool WaitFor(std::int64_t files) {
    MutexLock lock(mutex_);
    const Time deadline = Now() + 10s;
    while (files_.empty() || files_.back() != files) {
      if (Now() >= deadline) return false;
      came_.wait_for(mutex_, deadline - Now());
    }
    return true;
  }

  std::size_t count() {
    MutexLock lock(mutex_);
    return files_.size();
  }

 private:
  Mutex mutex_;
  ConditionVariable came_;
  std::vector<std::int64_t> files_ PGREPL_GUARDED_BY(mutex_);
};

TEST_F(DirectoryReaderTest, ReportsAtOnceAndEveryInterval) {
  Reports reports;
  DirectoryReader reader;
  const auto watching = reader.Watch(At(folder_), 10ms, reports.Collect());
  EXPECT_TRUE(reports.WaitFor(0));
  Write("file", 1);
  EXPECT_TRUE(reports.WaitFor(1));
}

TEST_F(DirectoryReaderTest, DirectoryThatComesAndGoesIsFollowed) {
  Reports reports;
  DirectoryReader reader;
  const auto watching = reader.Watch(At(folder_ / "later"), 10ms, reports.Collect());
  EXPECT_TRUE(reports.WaitFor(-1));
  fs::create_directory(folder_ / "later");
  EXPECT_TRUE(reports.WaitFor(0));
  fs::remove(folder_ / "later");
  EXPECT_TRUE(reports.WaitFor(-1));
}

TEST_F(DirectoryReaderTest, EachDirectoryIsReportedToItsOwn) {
  Write("file", 1);
  fs::create_directory(folder_ / "empty");
  Reports all;
  Reports none;
  DirectoryReader reader;
  const auto first = reader.Watch(At(folder_), 1h, all.Collect());
  const auto second = reader.Watch(At(folder_ / "empty"), 1h, none.Collect());
  EXPECT_TRUE(all.WaitFor(1));
  EXPECT_TRUE(none.WaitFor(0));
}

TEST_F(DirectoryReaderTest, AWatchEndsWithItsHandle) {
  Reports reports;
  DirectoryReader reader;
  auto watching = reader.Watch(At(folder_), 1ms, reports.Collect());
  ASSERT_TRUE(reports.WaitFor(0));
  watching.reset();
  const std::size_t count = reports.count();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(reports.count(), count);
}

TEST_F(DirectoryReaderTest, StopsAtOnceAndReportsNoMore) {
  Reports reports;
  DirectoryReader reader;
  const auto first = reader.Watch(At(folder_), 1h, reports.Collect());
  ASSERT_TRUE(reports.WaitFor(0));
  const Time begin = Now();
  EXPECT_TRUE(reader.Stop());
  EXPECT_LT(Now() - begin, 1s);
  const auto late = reader.Watch(At(folder_), 1ms, reports.Collect());
  EXPECT_TRUE(reader.Stop());
  EXPECT_EQ(reports.count(), 1U);
}

}  // namespace
}  // namespace pgrepl
