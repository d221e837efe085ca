// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pgrepl::http {
namespace {

constexpr std::string_view kKnown[] = {"server", "cluster"};

std::string ErrorOf(std::string_view query) {
  const Result<Parameters> parameters = ParseQuery(query, kKnown);
  return parameters ? "" : parameters.error().message;
}

TEST(QueryTest, TakesWhatIsKnown) {
  EXPECT_EQ(*ParseQuery("", kKnown), Parameters{});
  EXPECT_EQ(*ParseQuery("server=s1", kKnown), (Parameters{{"server", "s1"}}));
  EXPECT_EQ(*ParseQuery("cluster=a%26b%3d%C3%a4&server=s+1=", kKnown),
            (Parameters{{"cluster", "a&b=\xc3\xa4"}, {"server", "s+1="}}));
}

TEST(QueryTest, RefusesEverythingElse) {
  const std::map<std::string, std::string> errors = {
      {"sever=s1", "unknown parameter 'sever'; known: server, cluster"},
      {"Server=s1", "unknown parameter 'Server'; known: server, cluster"},
      {"%73erver=s1", "unknown parameter '%73erver'; known: server, cluster"},
      {"server=s1&", ""},
      {"&server=s1", "unknown parameter ''; known: server, cluster"},
      {"server", "parameter server has no value; known: server, cluster"},
      {"server=", "parameter server has no value; known: server, cluster"},
      {"server=a&server=b", "parameter server comes twice; known: server, cluster"},
      {"server=%", "parameter server has a % without two digits; known: server, cluster"},
      {"server=%4", "parameter server has a % without two digits; known: server, cluster"},
      {"server=%-1", "parameter server has a % without two digits; known: server, cluster"},
      {"server=%4g", "parameter server has a % without two digits; known: server, cluster"},
      {"server=" + std::string(2048, 'x'), "the query is too long; known: server, cluster"},
  };
  for (const auto& [query, message] : errors) EXPECT_EQ(ErrorOf(query), message) << query;
}

TEST(QueryTest, RendersWhatItParses) {
  const Parameters hostile = {{"cluster", "a b&c=d%e+\xff\x01\"/?#"}, {"server", "s1"}};
  const std::string rendered = RenderQuery(hostile);
  EXPECT_EQ(rendered, "?cluster=a%20b%26c%3Dd%25e%2B%FF%01%22%2F%3F%23&server=s1");
  EXPECT_EQ(*ParseQuery(rendered.substr(1), kKnown), hostile);
  EXPECT_EQ(RenderQuery({{"cluster", ""}}), "");
}

}  // namespace
}  // namespace pgrepl::http
