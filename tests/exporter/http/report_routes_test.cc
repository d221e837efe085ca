// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/report_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/exporter/report/example.h"

namespace pgrepl::http {
namespace {

using testing::StartsWith;

const std::vector<ClusterView>& Clusters() {
  static const std::vector<ClusterView> clusters = {report::Example()};
  return clusters;
}

Response Topology(const std::string& query) {
  return TopologyPage([](std::string_view) { return Clusters(); },
                      {.path = "/topology", .query = query, .accept = ""});
}

Response Explain(const std::string& query) {
  return ExplainPage([](std::string_view) { return Clusters(); },
                     {.path = "/explain", .query = query, .accept = ""});
}

Response Check(const std::string& query) {
  return CheckPage([](std::string_view) { return Clusters(); },
                   {.path = "/check", .query = query, .accept = ""});
}

void ExpectRefused(const Response& response, int status, const std::string& line) {
  EXPECT_EQ(response.status, status);
  EXPECT_EQ(response.body, line + "\n");
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
}

TEST(TopologyPageTest, EachFormatHasItsContentType) {
  for (const std::string query : {"", "format=text", "cluster=main", "format=text&cluster=main"}) {
    EXPECT_EQ(Topology(query).content_type, "text/plain; charset=utf-8") << query;
    EXPECT_THAT(Topology(query).body, StartsWith("main\n  SERVER ")) << query;
  }
  EXPECT_EQ(Topology("format=json").content_type, "application/json");
  EXPECT_THAT(Topology("format=json").body, StartsWith("{\n  \"clusters\": ["));
  EXPECT_EQ(Topology("format=dot").content_type, "text/vnd.graphviz; charset=utf-8");
  EXPECT_THAT(Topology("format=dot").body, StartsWith("digraph "));
}

TEST(TopologyPageTest, RefusesWithALineThatSaysWhatIsKnown) {
  ExpectRefused(Topology("fromat=dot"), 400, "unknown parameter 'fromat'; known: format, cluster");
  ExpectRefused(Topology("format=xml"), 400, "unknown format 'xml'; known: text, json, dot");
  ExpectRefused(Topology("format=dto"), 400, "unknown format 'dto'; did you mean 'dot'?");
  ExpectRefused(Topology("cluster=x"), 404, "unknown cluster 'x'; known: main");
}

TEST(CheckPageTest, Answers) {
  EXPECT_EQ(Check("").content_type, "text/plain; charset=utf-8");
  EXPECT_THAT(Check("cluster=main").body, StartsWith("CRITICAL - main: "));
  EXPECT_EQ(Check("format=json").content_type, "application/json");
  EXPECT_THAT(Check("format=json&for=restart").body,
              StartsWith("{\n  \"severity\": \"critical\",\n  \"for\": \"restart\""));
}

TEST(CheckPageTest, RefusesWithALineThatSaysWhatIsKnown) {
  ExpectRefused(Check("form=json"), 400, "unknown parameter 'form'; known: format, cluster, for");
  ExpectRefused(Check("format=dot"), 400, "unknown format 'dot'; known: text, json");
  ExpectRefused(Check("for=restar"), 400, "unknown purpose 'restar'; did you mean 'restart'?");
  ExpectRefused(Check("cluster=x"), 404, "unknown cluster 'x'; known: main");
}

TEST(ExplainPageTest, Answers) {
  EXPECT_THAT(Explain("server=s1").body, StartsWith("s1 of main: lag 8.2 s, replay_paused\n"));
  EXPECT_THAT(Explain("server=p&cluster=main").body, StartsWith("p of main is a primary"));
  EXPECT_EQ(Explain("server=p").status, 200);
}

TEST(ExplainPageTest, RefusesWithALineThatSaysWhatIsKnown) {
  ExpectRefused(Explain(""), 400, "which server? /explain?server=NAME");
  ExpectRefused(Explain("servr=s1"), 400, "unknown parameter 'servr'; known: server, cluster");
  ExpectRefused(Explain("server=s9"), 404,
                "unknown server 's9'; known: p, s1, s2, s3, x (cluster main)");
  ExpectRefused(Explain("server=a%0d%0aX%3a"), 404,
                "unknown server 'a??X:'; known: p, s1, s2, s3, x (cluster main)");
}

}  // namespace
}  // namespace pgrepl::http
