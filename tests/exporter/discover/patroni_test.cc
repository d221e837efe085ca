// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/patroni.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::discover {
namespace {

using config::Member;
using testing::ElementsAre;

TEST(PatroniTest, MembersOfACluster) {
  const auto members = ParsePatroniCluster(R"({"members": [
    {"name": "n1", "role": "leader", "state": "running", "api_url": "http://10.0.0.1:8008/patroni",
     "host": "10.0.0.1", "port": 5433, "timeline": 2},
    {"name": "n2", "role": "replica", "state": "streaming", "host": "10.0.0.2", "port": 5432,
     "timeline": 2, "lag": 0, "tags": {"nofailover": true}},
    {"name": "n3", "role": "replica", "state": "stopped", "api_url": "http://10.0.0.3:8008/patroni"}
  ], "scope": "main"})");
  ASSERT_TRUE(members) << members.error().message;
  EXPECT_THAT(*members, ElementsAre(Member{"n1", "10.0.0.1", 5433}, Member{"n2", "10.0.0.2", 5432}))
      << "the third has never started, and nobody knows where it is";
}

TEST(PatroniTest, WhatIsNoClusterIsAnError) {
  for (const char* json : {"", "{", "[]", "{}", R"({"members": 1})", R"({"members": [1]})",
                           R"({"members": [{"host": "h"}]})", "<html>"}) {
    EXPECT_FALSE(ParsePatroniCluster(json)) << json;
  }
  EXPECT_TRUE(ParsePatroniCluster(R"({"members": []})")) << "one that is being made";
}

TEST(PatroniTest, EachPlaceIsAskedAndNamed) {
  const config::Discovery discovery{.patroni = {"http://127.0.0.1:1", "http://[::1]:1"}};
  const auto members = FromPatroni(discovery);
  ASSERT_FALSE(members);
  EXPECT_THAT(members.error().message, testing::HasSubstr("http://127.0.0.1:1/cluster: "));
  EXPECT_THAT(members.error().message, testing::HasSubstr("; GET http://[::1]:1/cluster: "));
}

}  // namespace
}  // namespace pgrepl::discover
