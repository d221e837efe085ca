// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/metrics_page.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "tests/exporter/report/example.h"

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;

class MetricsPageTest : public testing::Test {
 protected:
  static std::string Text(const SharedBody& body) {
    std::string text;
    for (const std::string_view piece : body.pieces()) text += piece;
    return text;
  }
  std::string Get(TextFormat format = TextFormat::kPrometheus) { return Text(*page_.Get(format)); }
  bool Has(std::string_view family) {
    return Get().find("\n# TYPE " + std::string(family) + ' ') != std::string::npos;
  }

  ClusterView cluster_ = report::Example();
  std::function<void()> meanwhile_ = [] {};
  int visits_ = 0;
  CollectorSet collectors_;
  SelfMetrics self_{"1.2.3"};

  MetricsPage::Options options_{.collectors = [&] { return collectors_; },
                                .visit =
                                    [&](const auto& visit) {
                                      ++visits_;
                                      meanwhile_();
                                      visit(cluster_);
                                    },
                                .self = &self_};
  MetricsPage page_{options_};
};

TEST_F(MetricsPageTest, TheExporterIsLast) {
  const std::string plain = Get();
  EXPECT_LT(plain.find("\npgrepl_up "), plain.find("\nprocess_start_time_seconds "));
  EXPECT_FALSE(plain.ends_with("# EOF\n"));
  EXPECT_TRUE(Get(TextFormat::kOpenMetrics).ends_with("\n# EOF\n"));
}

TEST_F(MetricsPageTest, WhoAsksMeanwhileForTheOtherFormatGetsTheSameSamples) {
  std::future<std::shared_ptr<const SharedBody>> open;
  meanwhile_ = [&] {
    open = std::async(std::launch::async, [&] { return page_.Get(TextFormat::kOpenMetrics); });
    std::this_thread::sleep_for(100ms);
  };
  const auto plain = page_.Get(TextFormat::kPrometheus);
  EXPECT_EQ(plain->pieces()[1].data(), open.get()->pieces()[1].data());
  EXPECT_EQ(visits_, 1);
}

// Its memory is another page's only when nobody reads it any more.
TEST_F(MetricsPageTest, WhatSomebodyStillReadsDoesNotChange) {
  const auto first = page_.Get(TextFormat::kPrometheus);
  const std::string before = Text(*first);
  cluster_.servers.clear();
  EXPECT_LT(Get().size(), before.size());
  EXPECT_TRUE(Text(*first) == before);
}

// Fifty clients that read a page of a large fleet slowly must not have one each.
TEST_F(MetricsPageTest, PastTheMemoryForThemTheLastOneIsSharedUntilItIsRead) {
  options_.most_bytes = 1;
  MetricsPage page(options_);
  auto first = page.Get(TextFormat::kPrometheus);
  auto second = page.Get(TextFormat::kOpenMetrics);
  EXPECT_EQ(first->pieces()[1].data(), second->pieces()[1].data());
  first.reset();
  second.reset();
  EXPECT_EQ(visits_, 1);
  page.Get(TextFormat::kPrometheus);
  EXPECT_EQ(visits_, 2);
}

TEST_F(MetricsPageTest, WhatIsReadCountsNoMore) {
  const auto one = page_.Get(TextFormat::kPrometheus);
  std::size_t samples = 0;
  for (std::size_t i = 1; i < one->pieces().size(); i += 2) samples += one->pieces()[i].size();
  options_.most_bytes = samples * 3 / 2;
  MetricsPage page(options_);
  auto first = page.Get(TextFormat::kPrometheus);
  const auto second = page.Get(TextFormat::kPrometheus);
  EXPECT_NE(first->pieces()[1].data(), second->pieces()[1].data());
  EXPECT_EQ(page.Get(TextFormat::kPrometheus)->pieces()[1].data(), second->pieces()[1].data());
  first.reset();
  EXPECT_NE(page.Get(TextFormat::kPrometheus)->pieces()[1].data(), second->pieces()[1].data());
}

TEST_F(MetricsPageTest, TheNextHasNothingOfTheLast) {
  EXPECT_TRUE(Has("pgrepl_lag_known"));
  cluster_.servers.clear();
  EXPECT_FALSE(Has("pgrepl_lag_known"));
}

TEST_F(MetricsPageTest, ACollectorThatIsOffHasNoFamilies) {
  EXPECT_TRUE(Has("pgrepl_lag_known"));
  collectors_.Switch(static_cast<std::size_t>(CollectorId::kLag), false);
  EXPECT_FALSE(Has("pgrepl_lag_known"));
  collectors_.Switch(static_cast<std::size_t>(CollectorId::kLag), true);
  EXPECT_TRUE(Has("pgrepl_lag_known"));
}

}  // namespace
}  // namespace pgrepl::http
