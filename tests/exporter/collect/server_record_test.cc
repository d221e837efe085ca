// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/server_record.h"

#include <gtest/gtest.h>

#include <memory>

#include "collectors/archive_directory.h"
#include "collectors/lag.h"

namespace pgrepl {
namespace {

constexpr auto kLag = static_cast<std::size_t>(CollectorId::kLag);

class ServerRecordTest : public testing::Test {
 protected:
  void Record(std::size_t collector) {
    record_.Record(collector, FactPtr(std::make_shared<const PositionFact>()), {now_, 1}, now_);
  }
  void Lose() {
    record_.PublishDown({"gone"}, UpReason::kRefused, now_, [](std::size_t) { return true; });
  }
  [[nodiscard]] const CollectedFact& Told(CollectorId id) const { return published_->Of(id); }

  const Time now_{std::chrono::hours(1000)};
  ServerSnapshotPtr published_;
  ServerRecord record_{"main", "p", CollectorSet(),
                       [this](ServerSnapshotPtr snapshot) { published_ = std::move(snapshot); }};
};

TEST_F(ServerRecordTest, WhatWasReadUnderAnotherRoleIsOfNoAge) {
  record_.See(Role::kStandby);
  Record(kLag);
  record_.See(Role::kPrimary);
  record_.PublishUp(now_);
  EXPECT_EQ(Told(CollectorId::kLag).fact, nullptr);
  EXPECT_EQ(Told(CollectorId::kLag).at, Time{});
}

TEST_F(ServerRecordTest, WhatWeReadOurselvesIsOfAnyRoleAndOfAServerThatIsDown) {
  record_.See(Role::kStandby);
  record_.RecordLocal(CollectorId::kArchiveDirectory,
                      FactPtr(std::make_shared<const ArchiveDirectoryFact>()), now_);
  record_.See(Role::kPrimary);
  Lose();
  EXPECT_NE(Told(CollectorId::kArchiveDirectory).fact, nullptr);
  EXPECT_TRUE(Told(CollectorId::kArchiveDirectory).run.success);
}

TEST_F(ServerRecordTest, AServerThatIsBackHasWhatRanBefore) {
  record_.See(Role::kPrimary);
  Record(kLag);
  record_.PublishUp(now_);
  Lose();
  EXPECT_EQ(Told(CollectorId::kLag).run.failure, RunFailure::kServerDown);
  EXPECT_FALSE(Told(CollectorId::kLag).run.success);
  record_.PublishUp(now_);
  EXPECT_EQ(Told(CollectorId::kLag).run.failure, RunFailure::kNone);
  EXPECT_TRUE(Told(CollectorId::kLag).run.success);
  EXPECT_FALSE(Told(CollectorId::kSlots).run.ran);
}

TEST_F(ServerRecordTest, AServerThatIsBackStillLacksWhatFailed) {
  record_.See(Role::kPrimary);
  record_.Record(kLag, Error{"denied", "42501"}, {now_, 1}, now_);
  Lose();
  record_.PublishUp(now_);
  EXPECT_FALSE(Told(CollectorId::kLag).run.success);
  EXPECT_TRUE(Told(CollectorId::kLag).run.ran);
}

}  // namespace
}  // namespace pgrepl
