// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/http_sd.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/exporter/report/routed.h"

namespace pgrepl::report {
namespace {

TEST(HttpSdTest, EachClusterIsATarget) {
  const ClusterView a = Routed("a");
  const ClusterView b = Routed("b");
  EXPECT_EQ(nlohmann::json::parse(HttpSd({&a, &b})),
            nlohmann::json::parse(R"([{"targets": ["a"], "labels": {"pg_cluster": "a"}},
                                      {"targets": ["b"], "labels": {"pg_cluster": "b"}}])"));
}

TEST(HttpSdTest, NoClustersAreAnEmptyList) { EXPECT_EQ(HttpSd({}), "[]\n"); }

TEST(HttpSdTest, NamesCannotBreakOut) {
  const std::string hostile = "a\"},{\\\n\x1b<script>\xff";
  const ClusterView cluster = Routed(hostile);
  const auto groups = nlohmann::json::parse(HttpSd({&cluster}));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0]["targets"][0], "a\"},{\\\n\x1b<script>\xef\xbf\xbd");
  EXPECT_EQ(groups[0]["labels"]["pg_cluster"], groups[0]["targets"][0]);
}

}  // namespace
}  // namespace pgrepl::report
