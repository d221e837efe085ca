// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::discover {
namespace {

TEST(DnsTest, AMemberIsCalledByTheFirstLabelOfItsName) {
  EXPECT_EQ(MemberName("orders-0.orders-hl.db.svc.cluster.local"), "orders-0");
  EXPECT_EQ(MemberName("orders-0"), "orders-0");
  EXPECT_EQ(MemberName("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(MemberName("fd00::1"), "fd00::1");
}

TEST(DnsTest, EachAddressOfANameIsAMember) {
  const auto members = FromDns({.dns = "localhost", .port = 6000});
  ASSERT_TRUE(members) << members.error().message;
  ASSERT_FALSE(members->empty());
  EXPECT_EQ(members->front().port, 6000);
  EXPECT_THAT(members->front().host, testing::AnyOf("127.0.0.1", "::1"));
  EXPECT_EQ(FromDns({.dns = "localhost"})->front().port, 5432);
}

TEST(DnsTest, ANameThatIsNoneSaysSo) {
  EXPECT_THAT(FromDns({.dns = "no-such-name.invalid"}).error().message,
              testing::HasSubstr("cannot resolve no-such-name.invalid: "));
  EXPECT_THAT(FromDns({.dns = "_postgresql._tcp.no-such-name.invalid"}).error().message,
              testing::HasSubstr("cannot resolve the SRV records of "));
}

}  // namespace
}  // namespace pgrepl::discover
