// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pgrepl::http {
namespace {

using testing::HasSubstr;

std::string Resolved(const std::string& text) {
  const auto address = ResolveListenAddress(text);
  return address ? CivetwebPort(*address) : address.error().message;
}

TEST(ListenAddressTest, TakesNumericAddressesAndNames) {
  EXPECT_EQ(Resolved("127.0.0.1:9717"), "127.0.0.1:9717");
  EXPECT_EQ(Resolved("0.0.0.0:9717"), "0.0.0.0:9717");
  EXPECT_EQ(Resolved("[::1]:9717"), "[::1]:9717");
  EXPECT_EQ(Resolved("[2001:db8:0::1]:9717"), "[2001:db8::1]:9717");
  EXPECT_EQ(Resolved("localhost:9717"), "127.0.0.1:9717");
}

TEST(ListenAddressTest, TakesAllInterfacesOfBothFamilies) {
  EXPECT_EQ(Resolved(":9717"), "+9717");
  EXPECT_EQ(Resolved("[::]:9717"), "+9717");
  EXPECT_EQ(Resolved(":0"), "+0");
}

TEST(ListenAddressTest, SaysWhatIsWrong) {
  EXPECT_EQ(Resolved("9717"), "listen address '9717': has no port");
  EXPECT_EQ(Resolved(""), "listen address '': has no port");
  EXPECT_EQ(Resolved("[::1]"), "listen address '[::1]': has no port");
  for (const std::string port :
       {"", "http", "65536", "-1", "9717x", " 9717", "9717s", "99999999999"}) {
    EXPECT_EQ(Resolved("127.0.0.1:" + port),
              "listen address '127.0.0.1:" + port + "': '" + port + "' is not a port (0 to 65535)");
  }
  EXPECT_THAT(Resolved("::1:9717"), HasSubstr("an IPv6 address needs brackets"));
  EXPECT_THAT(Resolved("[::1:9717"), HasSubstr("an IPv6 address needs brackets"));
  EXPECT_THAT(Resolved("[localhost]:9717"), HasSubstr("'localhost' is not an IPv6 address"));
  EXPECT_THAT(Resolved("no.such.name.invalid:9717"), HasSubstr("cannot resolve 'no.such.name"));
}

TEST(ListenAddressTest, BindSaysWhyNot) {
  auto taken = ResolveListenAddress("127.0.0.1:0");
  const auto first = Bind(*taken);
  ASSERT_TRUE(first.ok());
  socklen_t length = sizeof(taken->address);
  getsockname(first->get(), reinterpret_cast<sockaddr*>(&taken->address), &length);
  const auto second = Bind(*taken);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:0: Address already in use");

  auto foreign = ResolveListenAddress("192.0.2.1:9717");  // TEST-NET-1, nobody's
  EXPECT_EQ(Bind(*foreign).error().message,
            "cannot listen on 192.0.2.1:9717: Cannot assign requested address");
}

TEST(LocalUrlTest, WhatListensEverywhereListensHere) {
  EXPECT_EQ(LocalUrl(":9717", 9717), "http://127.0.0.1:9717");
  EXPECT_EQ(LocalUrl("[::]:0", 4711), "http://127.0.0.1:4711");
  EXPECT_EQ(LocalUrl("0.0.0.0:9717", 9717), "http://127.0.0.1:9717");
  EXPECT_EQ(LocalUrl("[::1]:9717", 9717), "http://[::1]:9717");
  EXPECT_EQ(LocalUrl("10.0.0.1:9717", 9717), "http://10.0.0.1:9717");
}

}  // namespace
}  // namespace pgrepl::http
