// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/page.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <sstream>
#include <string>

namespace pgrepl {
namespace {

constexpr std::string_view kSlotLabels[] = {"slot_name"};
constexpr std::string_view kStateLabels[] = {"slot_name", "state"};
constexpr Family kUp{.name = "pgrepl_up", .help = "A \\ and a\nnewline and a \"."};
constexpr Family kBytes{.name = "pgrepl_slot_bytes", .help = "Bytes.", .labels = kSlotLabels};
constexpr Family kState{.name = "pgrepl_slot_state", .help = "State.", .labels = kStateLabels};
constexpr Family kCount{
    .name = "pgrepl_things_total", .type = MetricType::kCounter, .help = "Things."};
constexpr std::array<const Family*, 3> kFamilies = {&kUp, &kBytes, &kCount};

TEST(PageTest, GroupsByFamilyInTheGivenOrder) {
  Page page(kFamilies);
  Samples p(page, R"(server="p")");
  Samples s(page, R"(server="s")");
  p.Add(kCount, 3.0);
  p.Add(kUp, 1.0);
  s.Add(kCount, 0.5);
  s.Add(kUp, 0.0);
  EXPECT_EQ(page.Render(TextFormat::kPrometheus),
            "# HELP pgrepl_up A \\\\ and a\\nnewline and a \".\n# TYPE pgrepl_up gauge\n"
            "pgrepl_up{server=\"p\"} 1\npgrepl_up{server=\"s\"} 0\n"
            "# HELP pgrepl_things_total Things.\n# TYPE pgrepl_things_total counter\n"
            "pgrepl_things_total{server=\"p\"} 3\npgrepl_things_total{server=\"s\"} 0.5\n");
}

TEST(PageTest, OpenMetricsNamesCountersWithoutTotalAndEnds) {
  Page page(kFamilies);
  Samples(page, "").Add(kCount, 1.0);
  EXPECT_EQ(page.Render(TextFormat::kOpenMetrics),
            "# HELP pgrepl_things Things.\n# TYPE pgrepl_things counter\n"
            "pgrepl_things_total 1\n# EOF\n");
}

TEST(PageTest, OpenMetricsNamesUnits) {
  Page page(kFamilies);
  Samples(page, "").Add(kBytes, 1.0, {"a"});
  EXPECT_EQ(page.Render(TextFormat::kOpenMetrics),
            "# HELP pgrepl_slot_bytes Bytes.\n# TYPE pgrepl_slot_bytes gauge\n"
            "# UNIT pgrepl_slot_bytes bytes\npgrepl_slot_bytes{slot_name=\"a\"} 1\n# EOF\n");
  std::string units;
  for (const char* name : {"a_seconds", "a_seconds_left", "seconds", "_bytes"}) {
    AppendUnit(units, name);
  }
  EXPECT_EQ(units, "# UNIT a_seconds seconds\n# UNIT _bytes bytes\n");
}

TEST(PageTest, EscapesLabelValues) {
  Page page(kFamilies);
  Samples(page, ScopeLabels({{"server", "a\"b"}})).Add(kBytes, 1.0, {"x\\y\nz\""});
  EXPECT_NE(page.Render(TextFormat::kPrometheus)
                .find(R"(pgrepl_slot_bytes{server="a\"b",slot_name="x\\y\nz\""} 1)"),
            std::string::npos);
}

TEST(PageTest, IntegersKeepAllDigitsAndNothingIsNaN) {
  Page page(kFamilies);
  Samples samples(page, "");
  samples.Add(kBytes, 9007199254740991.0, {"big"});
  samples.Add(kBytes, 0.1, {"small"});
  samples.Add(kBytes, std::numeric_limits<double>::quiet_NaN(), {"nan"});
  samples.Add(kBytes, std::optional<double>(), {"null"});
  const std::string text = page.Render(TextFormat::kPrometheus);
  EXPECT_NE(text.find("{slot_name=\"big\"} 9007199254740991\n"), std::string::npos);
  EXPECT_NE(text.find("{slot_name=\"small\"} 0.1\n"), std::string::npos);
  EXPECT_EQ(text.find("nan"), std::string::npos);
  EXPECT_EQ(text.find("null"), std::string::npos);
}

TEST(PageTest, FamilyOfAnotherPageIsDropped) {
  Page page(kFamilies);
  Samples(page, "").Add(kState, 1.0, {"a", "b"});
  EXPECT_EQ(page.Render(TextFormat::kPrometheus), "");
}

TEST(PageTest, ClearedItIsAsNew) {
  Page page(kFamilies);
  Samples(page, R"(server="p")").Add(kBytes, 123456.5, {"long name of a slot"});
  page.Clear();
  EXPECT_EQ(page.Render(TextFormat::kOpenMetrics), "# EOF\n");
  Samples(page, R"(server="s")").Add(kBytes, 2.0, {"b"});
  EXPECT_EQ(page.Render(TextFormat::kPrometheus),
            "# HELP pgrepl_slot_bytes Bytes.\n# TYPE pgrepl_slot_bytes gauge\n"
            "pgrepl_slot_bytes{server=\"s\",slot_name=\"b\"} 2\n");
}

TEST(PageTest, BothFormatsHaveTheSameSamples) {
  Page page(kFamilies);
  for (int i = 0; i < 1000; ++i) {
    const std::string labels = ScopeLabels({{"server", std::to_string(i)}});
    Samples samples(page, labels);
    samples.Add(kUp, i % 2);
    samples.Add(kBytes, i * 1e6 + 0.25, {"a\\b"});
    samples.Add(kCount, i * 1e15);
  }
  const auto samples_of = [&](TextFormat format) {
    std::istringstream text(page.Render(format));
    std::string samples;
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with('#')) samples += line + '\n';
    }
    return samples;
  };
  EXPECT_EQ(samples_of(TextFormat::kPrometheus), samples_of(TextFormat::kOpenMetrics));
}

TEST(SamplesTest, StatesAreOneHotAndUnknownOnesAreOther) {
  constexpr std::array<const Family*, 1> kOne = {&kState};
  constexpr std::string_view kStates[] = {"good", "bad", "other"};
  Page page(kOne);
  Samples samples(page, "");
  samples.AddStates(kState, kStates, "good", {"a"});
  samples.AddStates(kState, kStates, "new in 19", {"b"});
  samples.AddStates(kState, kStates, std::nullopt, {"c"});
  const std::string text = page.Render(TextFormat::kPrometheus);
  EXPECT_NE(text.find(R"({slot_name="a",state="good"} 1)"), std::string::npos);
  EXPECT_NE(text.find(R"({slot_name="a",state="other"} 0)"), std::string::npos);
  EXPECT_NE(text.find(R"({slot_name="b",state="other"} 1)"), std::string::npos);
  EXPECT_NE(text.find(R"({slot_name="c",state="good"} 0)"), std::string::npos);
  EXPECT_NE(text.find(R"({slot_name="c",state="other"} 0)"), std::string::npos);
}

}  // namespace
}  // namespace pgrepl
