// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/exporter/report/example.h"

namespace pgrepl::report {
namespace {

using config::CheckFor;
using config::ReportFormat;
using testing::HasSubstr;
using testing::StartsWith;

std::string Text(const ClusterView& cluster, ReportFormat format = ReportFormat::kText) {
  return Check({&cluster}, CheckFor::kHealth, format);
}

ClusterView Healthy() {
  ClusterView cluster = Example();
  cluster.servers.resize(1);
  return cluster;
}

TEST(CheckTest, TheFirstLineIsAllThatAMonitorShows) {
  EXPECT_EQ(Text(Healthy()), "OK - main: nothing is wrong\n");
  EXPECT_THAT(Text(Example()), StartsWith("CRITICAL - main: 1 critical, 1 warning\n"));
  ClusterView odd = Healthy();
  odd.name = "a|b\n";
  EXPECT_EQ(Text(odd), "OK - a/b?: nothing is wrong\n");
}

TEST(CheckTest, SaysWhatWhyAndHowToMendIt) {
  EXPECT_THAT(Text(Example()), HasSubstr("\ncritical  x: it can't be reached from here: refused "
                                         "[refused]\n          What can't be asked"));
  EXPECT_THAT(Text(Example()), HasSubstr("\nwarning   s1: replay is paused, 8.2 s behind ["));
  EXPECT_THAT(Text(Example()), HasSubstr("\n       -> On the server: is it running"));
}

TEST(CheckTest, Json) {
  const std::string json = Text(Example(), ReportFormat::kJson);
  EXPECT_THAT(json, StartsWith("{\n  \"severity\": \"critical\",\n  \"for\": null,\n"));
  EXPECT_THAT(json, HasSubstr("\"id\": \"refused\",\n          \"server\": \"x\""));
}

TEST(CheckTest, ItsSeverityIsReadBack) {
  for (const ReportFormat format : {ReportFormat::kText, ReportFormat::kJson}) {
    EXPECT_EQ(SeverityOf(Text(Healthy(), format)), Severity::kOk);
    EXPECT_EQ(SeverityOf(Text(Example(), format)), Severity::kCritical);
    EXPECT_EQ(SeverityOf(Check({}, CheckFor::kHealth, format)), Severity::kUnknown);
  }
  EXPECT_EQ(SeverityOf("OKAY - main"), Severity::kUnknown);
  EXPECT_EQ(SeverityOf(""), Severity::kUnknown);
}

}  // namespace
}  // namespace pgrepl::report
