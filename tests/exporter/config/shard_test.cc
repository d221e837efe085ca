// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/shard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgrepl::config {
namespace {

constexpr int kClusters = 1000;

std::string Name(int cluster) { return "cluster-" + std::to_string(cluster); }

// By cluster; -1 where it isn't exactly one.
std::vector<int> Owners(int count) {
  std::vector<int> owners(kClusters, -1);
  for (int cluster = 0; cluster < kClusters; ++cluster) {
    int owning = 0;
    for (int index = 0; index < count; ++index) {
      if (!Shard{index, count}.Owns(Name(cluster))) continue;
      owners[static_cast<std::size_t>(cluster)] = index;
      ++owning;
    }
    EXPECT_EQ(owning, 1) << Name(cluster) << " of " << count;
  }
  return owners;
}

TEST(ShardTest, OneAloneOwnsAll) {
  for (int cluster = 0; cluster < kClusters; ++cluster) EXPECT_TRUE(Shard{}.Owns(Name(cluster)));
  EXPECT_TRUE(Shard{}.Owns(""));
}

TEST(ShardTest, EachClusterHasOneOwnerAndEachOwnerAFairShare) {
  for (const int count : {2, 3, 7, 16}) {
    std::vector<int> shares(static_cast<std::size_t>(count));
    for (const int owner : Owners(count)) ++shares[static_cast<std::size_t>(owner)];
    for (const int share : shares) {
      EXPECT_GT(share, kClusters / count * 6 / 10) << count;
      EXPECT_LT(share, kClusters / count * 14 / 10) << count;
    }
  }
}

TEST(ShardTest, OneMoreTakesItsShareAndMovesNoOther) {
  const std::vector<int> before = Owners(4), after = Owners(5);
  int moved = 0;
  for (std::size_t cluster = 0; cluster < kClusters; ++cluster) {
    if (before[cluster] == after[cluster]) continue;
    EXPECT_EQ(after[cluster], 4) << "it moved to a shard that was there before";
    ++moved;
  }
  EXPECT_GT(moved, kClusters / 5 * 7 / 10);
  EXPECT_LT(moved, kClusters / 5 * 13 / 10);
}

// A new version that answers otherwise would watch clusters twice, or not at all, during its rollout.
TEST(ShardTest, TheOwnersAreTheSameForEver) {
  std::string owners;
  for (const char* cluster : {"main", "orders", "billing", "eu-1", "eu-2", "us-east", "\xc3\xa9"}) {
    for (int index = 0; index < 5; ++index) {
      if (Shard{index, 5}.Owns(cluster)) owners += std::to_string(index);
    }
  }
  EXPECT_EQ(owners, "3433220");
}

TEST(ShardTest, ReadsAndWrites) {
  for (const char* text : {"0/1", "2/3", "9999/10000"}) {
    const Result<Shard> shard = ParseShard(text);
    ASSERT_TRUE(shard) << text;
    EXPECT_EQ(shard->Text(), text);
  }
}

TEST(ShardTest, TakesTheNameOfAStatefulSetsPod) {
  EXPECT_EQ(ParseShard("pg-replication-exporter-2/3")->Text(), "2/3");
  EXPECT_EQ(ParseShard("e-0/1")->Text(), "0/1");
  EXPECT_FALSE(ParseShard("pg-replication-exporter-7d9f-x2x/3")) << "a Deployment's";
}

TEST(ShardTest, RefusesWhatIsNone) {
  for (const char* text : {"", "1", "/", "1/", "/3", "3/3", "-1/3", "0/0", "a/3", "0/3x", "0/10001",
                           " 0/3", "0/3/4", "+1/3", "0/99999999999"}) {
    const Result<Shard> shard = ParseShard(text);
    ASSERT_FALSE(shard) << text;
    EXPECT_EQ(shard.error().message,
              "'" + std::string(text) +
                  "' is not a shard; write i/N with i from 0 to N-1 and N up to 10000, such as 0/3 "
                  "(or a name that ends in -i, as a pod's)");
  }
}

}  // namespace
}  // namespace pgrepl::config
