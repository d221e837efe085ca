// SPDX-License-Identifier: Apache-2.0
#include "exporter/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using config::Member;
using testing::ElementsAre;

const Member kA{"a", "10.0.0.1", 5432};
const Member kB{"b", "10.0.0.2", 5432};

class MembershipTest : public testing::Test {
 protected:
  bool Update(const std::vector<Member>& listed) {
    now_ += 30s;
    return membership_.Update("main", listed, 1h, now_);
  }

  Time now_ = Time(1000h);
  Membership membership_;
};

TEST_F(MembershipTest, TellsWhetherAnythingChanged) {
  EXPECT_TRUE(Update({kA}));
  EXPECT_FALSE(Update({kA}));
  EXPECT_TRUE(Update({kB, kA}));
  EXPECT_THAT(membership_.Of("main"), ElementsAre(kA, kB));
  EXPECT_TRUE(Update({{"a", "10.0.0.9", 5432}, kB})) << "it moved";
  EXPECT_THAT(membership_.Of("other"), ElementsAre());
}

TEST_F(MembershipTest, OneThatVanishedStaysForAWhile) {
  Update({kA, kB});
  EXPECT_FALSE(Update({kA}));
  now_ += 59min;
  EXPECT_FALSE(Update({kA}));
  EXPECT_TRUE(Update({kA}));
  EXPECT_THAT(membership_.Of("main"), ElementsAre(kA));
}

TEST_F(MembershipTest, AnEmptyListForgetsNobodyAtOnce) {
  Update({kA, kB});
  EXPECT_FALSE(Update({}));
  EXPECT_THAT(membership_.Of("main"), ElementsAre(kA, kB));
}

TEST_F(MembershipTest, AnAddressBelongsToOne) {
  Update({kA, kB});
  EXPECT_TRUE(Update({kA, {"c", kB.host, kB.port}}));
  EXPECT_THAT(membership_.Of("main"), ElementsAre(kA, Member{"c", kB.host, kB.port}));
}

}  // namespace
}  // namespace pgrepl
