// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/exporter/report/example.h"

namespace pgrepl::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class RoutesTest : public testing::Test {
 protected:
  [[nodiscard]] Response Get(const std::string& path, const std::string& query = "") const {
    for (const Route& route : routes_) {
      if (route.path == path) return route.handler({.path = path, .query = query, .accept = ""});
    }
    return {.status = 404};
  }

  SelfMetrics self_{"1.2.3"};
  std::vector<Route> routes_ = MakeRoutes({
      .telemetry_path = "/metrics",
      .version = "1.2.3",
      .collectors = [] { return CollectorSet(); },
      .self = &self_,
      .views = [](std::string_view) { return std::vector<ClusterView>{report::Example()}; },
      .visit = [](const auto& visit) { visit(report::Example()); },
  });
};

TEST_F(RoutesTest, ThePageIsItsFiles) {
  EXPECT_EQ(Get("/").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(Get("/page.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(Get("/page.js").content_type, "text/javascript; charset=utf-8");
}

// Behind a proxy that puts it under a path; and what the policy forbids must not be there.
TEST_F(RoutesTest, ThePageLoadsNothingFromElsewhereAndHasNoScriptOfItsOwn) {
  const std::string html = Get("/").body;
  static const std::regex kReference(R"re((?:href|src)="([^"]*)")re");
  for (std::sregex_iterator found(html.begin(), html.end(), kReference), end; found != end;
       ++found) {
    const std::string target = (*found)[1];
    if (target.starts_with("data:")) continue;
    EXPECT_NE(Get("/" + target).status, 404) << target;
  }
  EXPECT_THAT(html, Not(HasSubstr("<style")));
  EXPECT_THAT(html, Not(HasSubstr("style=")));
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(Get("/page.js").body, Not(HasSubstr("innerHTML")));
  EXPECT_THAT(Get("/page.css").body, Not(HasSubstr("url(")));
}

TEST_F(RoutesTest, ClustersAllOrOne) {
  for (const std::string query : {"", "cluster=main"}) {
    EXPECT_EQ(Get("/api/v1/clusters", query).content_type, "application/json");
    EXPECT_THAT(Get("/api/v1/clusters", query).body, HasSubstr(R"("exporter_version":"1.2.3")"));
    EXPECT_THAT(Get("/api/v1/clusters", query).body, HasSubstr(R"("name":"main")"));
  }
  EXPECT_EQ(Get("/api/v1/clusters", "cluster=nain").status, 404);
  EXPECT_EQ(Get("/api/v1/clusters", "custer=main").status, 400);
}

TEST_F(RoutesTest, ReloadIsForThoseWhoAllowIt) {
  EXPECT_EQ(Get("/-/reload").status, 403);
  EXPECT_THAT(Get("/-/reload").body, HasSubstr("--web.enable-lifecycle"));
  Status outcome = Ok();
  routes_ = MakeRoutes({.telemetry_path = "/metrics",
                        .version = "1.2.3",
                        .collectors = [] { return CollectorSet(); },
                        .self = &self_,
                        .views = [](std::string_view) { return std::vector<ClusterView>(); },
                        .visit = [](const auto&) {},
                        .reload = [&] { return outcome; }});
  EXPECT_EQ(Get("/-/reload").status, 200);
  outcome = Error{"/etc/x.yml:3:1: no clusters"};
  EXPECT_EQ(Get("/-/reload").status, 500);
  EXPECT_EQ(Get("/-/reload").body, "/etc/x.yml:3:1: no clusters\n");
  for (const Route& route : routes_) {
    EXPECT_EQ(route.method == Method::kPost, route.path == "/-/reload");
  }
}

}  // namespace
}  // namespace pgrepl::http
