// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/kubernetes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::discover {
namespace {

using config::Member;
using testing::ElementsAre;
using testing::HasSubstr;

// As a Service has it of one Pod that is ready and one that is not.
constexpr const char* kSlices = R"({"kind": "EndpointSliceList", "items": [
  {"addressType": "IPv4", "ports": [{"name": "postgres", "port": 5433, "protocol": "TCP"}],
   "endpoints": [
     {"addresses": ["10.1.0.7"], "conditions": {"ready": true},
      "targetRef": {"kind": "Pod", "name": "orders-1", "namespace": "db"}},
     {"addresses": ["10.1.0.8"], "conditions": {"ready": false},
      "targetRef": {"kind": "Pod", "name": "orders-2"}}]},
  {"addressType": "IPv4", "endpoints": [{"addresses": ["10.1.0.9"]}, {"addresses": []},
     {"addresses": ["10.1.0.10"], "hostname": "orders-3"}], "ports": null}
]})";

TEST(KubernetesTest, EachAddressIsItsPods) {
  const auto members = ParseEndpointSlices(kSlices, std::nullopt);
  ASSERT_TRUE(members) << members.error().message;
  EXPECT_THAT(
      *members,
      ElementsAre(Member{"orders-1", "10.1.0.7", 5433}, Member{"orders-2", "10.1.0.8", 5433},
                  Member{"10.1.0.9", "10.1.0.9", 5432}, Member{"orders-3", "10.1.0.10", 5432}));
  EXPECT_EQ(ParseEndpointSlices(kSlices, 6000)->front().port, 6000);
}

TEST(KubernetesTest, WhatIsNoListIsAnError) {
  for (const char* json : {"", "{", "[]", "{}", R"({"items": null})", R"({"kind": "Status"})"}) {
    EXPECT_FALSE(ParseEndpointSlices(json, std::nullopt)) << json;
  }
  EXPECT_TRUE(ParseEndpointSlices(R"({"items": []})", std::nullopt)->empty());
  EXPECT_TRUE(ParseEndpointSlices(R"({"items": [1, {"endpoints": [2]}]})", 1)->empty());
}

TEST(KubernetesTest, OutsideOfAPodItSaysWhatIsMissing) {
  config::Discovery discovery{.kubernetes = config::KubernetesSource{.service = "orders"}};
  EXPECT_THAT(FromKubernetes(discovery).error().message, HasSubstr("KUBERNETES_SERVICE_HOST"));
  discovery.kubernetes->api = "https://127.0.0.1:1";
  discovery.kubernetes->credentials = "/nowhere";
  const Error error = FromKubernetes(discovery).error();
  EXPECT_EQ(error.message, "cannot read /nowhere/token");
  EXPECT_THAT(error.hint, HasSubstr("automountServiceAccountToken"));
}

}  // namespace
}  // namespace pgrepl::discover
