// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/self_metrics.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <thread>

#include "exporter/base/clock.h"

namespace pgrepl {
namespace {

// The process's own figures differ from run to run.
std::string Masked(const std::string& text) {
  return std::regex_replace(
      text, std::regex("(\n[a-z_]+_timestamp_seconds|\nprocess_[a-z_]+) [0-9.e+]+"), "$1 N");
}

double ValueOf(const SelfMetrics& metrics, const std::string& name) {
  const std::string text = metrics.Render(TextFormat::kPrometheus);
  std::smatch found;
  EXPECT_TRUE(std::regex_search(text, found, std::regex("\n" + name + " (.*)\n"))) << text;
  return std::stod(found[1]);
}

TEST(SelfMetricsTest, PrometheusText) {
  SelfMetrics metrics("1.2.3");
  for (const double seconds : {0.0001, 0.0003, 0.004, 1.0}) metrics.CountScrape(seconds);
  for (const double seconds : {0.001, 0.5}) metrics.CountPulse(seconds);
  metrics.CountConnection();
  metrics.CountConnection();
  metrics.Watches({"gone"}, "0/3");
  metrics.Watches({"main"}, "0/3");
  metrics.ConfigLoaded(true);
  EXPECT_EQ(
      Masked(metrics.Render(TextFormat::kPrometheus)),
      R"(# HELP pgrepl_exporter_connections_opened_total Connections opened to PostgreSQL servers.
# TYPE pgrepl_exporter_connections_opened_total counter
pgrepl_exporter_connections_opened_total 2
# HELP process_cpu_seconds_total User and system CPU time spent.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total N
# HELP pgrepl_exporter_watches Clusters that this exporter watches, and its part of all (--shard), value 1.
# TYPE pgrepl_exporter_watches gauge
pgrepl_exporter_watches{pg_cluster="main",shard="0/3"} 1
# HELP pgrepl_exporter_config_last_reload_successful Whether the configuration was good when it was last read; else the one before is still used.
# TYPE pgrepl_exporter_config_last_reload_successful gauge
pgrepl_exporter_config_last_reload_successful 1
# HELP pgrepl_exporter_config_last_reload_success_timestamp_seconds When the configuration that is used was read, since the epoch.
# TYPE pgrepl_exporter_config_last_reload_success_timestamp_seconds gauge
pgrepl_exporter_config_last_reload_success_timestamp_seconds N
# HELP process_resident_memory_bytes Resident memory size.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes N
# HELP process_open_fds Number of open file descriptors.
# TYPE process_open_fds gauge
process_open_fds N
# HELP process_start_time_seconds Start time of the process since the epoch.
# TYPE process_start_time_seconds gauge
process_start_time_seconds N
# HELP pgrepl_exporter_build_info The exporter's version, value 1.
# TYPE pgrepl_exporter_build_info gauge
pgrepl_exporter_build_info{version="1.2.3"} 1
# HELP pgrepl_exporter_scrape_duration_seconds Time to build one page of metrics; scrapes that come meanwhile get the same one.
# TYPE pgrepl_exporter_scrape_duration_seconds histogram
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.0001"} 1
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.0005"} 2
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.001"} 2
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.005"} 3
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.025"} 3
pgrepl_exporter_scrape_duration_seconds_bucket{le="0.1"} 3
pgrepl_exporter_scrape_duration_seconds_bucket{le="+Inf"} 4
pgrepl_exporter_scrape_duration_seconds_sum 1.0044
pgrepl_exporter_scrape_duration_seconds_count 4
# HELP pgrepl_exporter_pulse_lateness_seconds From when a pulse was due to its last answer, or until it was given up.
# TYPE pgrepl_exporter_pulse_lateness_seconds histogram
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.002"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.005"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.01"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.02"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.05"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.1"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.2"} 1
pgrepl_exporter_pulse_lateness_seconds_bucket{le="0.5"} 2
pgrepl_exporter_pulse_lateness_seconds_bucket{le="1"} 2
pgrepl_exporter_pulse_lateness_seconds_bucket{le="2"} 2
pgrepl_exporter_pulse_lateness_seconds_bucket{le="+Inf"} 2
pgrepl_exporter_pulse_lateness_seconds_sum 0.501
pgrepl_exporter_pulse_lateness_seconds_count 2
)");
}

// Else an alert on a failure would never end.
TEST(SelfMetricsTest, WhatIsNoLongerLookedUpIsGone) {
  SelfMetrics metrics("1.2.3");
  metrics.Watches({"main"}, "");
  metrics.Discovered("main", false, 0);
  EXPECT_EQ(ValueOf(metrics, R"(pgrepl_exporter_discovery_up\{pg_cluster="main"\})"), 0);
  metrics.Discovers({});
  EXPECT_EQ(metrics.Render(TextFormat::kPrometheus).find("discovery_up{"), std::string::npos);
}

TEST(SelfMetricsTest, OpenMetricsNamesCountersWithoutTotalAndHasNoEndMark) {
  const SelfMetrics metrics("1.2.3");
  const std::string text = metrics.Render(TextFormat::kOpenMetrics);
  EXPECT_NE(text.find("# TYPE pgrepl_exporter_connections_opened counter\n"
                      "pgrepl_exporter_connections_opened_total 0\n"),
            std::string::npos);
  EXPECT_NE(text.find("# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds "
                      "seconds\nprocess_cpu_seconds_total "),
            std::string::npos);
  EXPECT_EQ(text.find("# EOF"), std::string::npos);
}

TEST(SelfMetricsTest, VersionIsEscaped) {
  const SelfMetrics metrics("1\"\\\n");
  EXPECT_NE(metrics.Render(TextFormat::kPrometheus)
                .find("pgrepl_exporter_build_info{version=\"1\\\"\\\\\\n\"} 1\n"),
            std::string::npos);
}

TEST(SelfMetricsTest, FiguresAreThoseOfThisProcess) {
  const SelfMetrics metrics("");
  EXPECT_NEAR(ValueOf(metrics, "process_start_time_seconds"), WallSeconds(), 60);
  EXPECT_GT(ValueOf(metrics, "process_resident_memory_bytes"), 1 << 20);
  const double before = ValueOf(metrics, "process_open_fds");
  const std::ifstream file("/dev/null");
  EXPECT_EQ(ValueOf(metrics, "process_open_fds"), before + 1);
}

TEST(SelfMetricsTest, CpuTimeIsCountedOnce) {
  const SelfMetrics metrics("");
  const auto spent = [] {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  };
  while (spent() < 0.05) {
  }
  std::vector<std::thread> scrapes;
  for (int i = 0; i < 8; ++i) {
    scrapes.emplace_back([&metrics] {
      for (int j = 0; j < 20; ++j) std::ignore = metrics.Render(TextFormat::kPrometheus);
    });
  }
  for (std::thread& scrape : scrapes) scrape.join();
  const double before = spent();
  const double told = ValueOf(metrics, "process_cpu_seconds_total");
  EXPECT_GE(told, before - 0.02);  // getrusage counts in ticks on some kernels
  EXPECT_LE(told, spent() + 0.02);
}

}  // namespace
}  // namespace pgrepl
