// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/metric_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::config {
namespace {

using ::testing::HasSubstr;

TEST(MetricNameTest, PlainNamesInBaseUnitsAreFine) {
  for (const char* name : {"app_jobs_waiting", "a", "pg_database_size_bytes", "x2_lag_seconds",
                           "app_backup_last_timestamp_seconds", "app_version_info", "uptime_ratio",
                           "m_jobs", "app_meters", "app_discount", "pgrepl"}) {
    EXPECT_EQ(CheckMetricName(name, /*is_counter=*/false), "");
  }
  EXPECT_EQ(CheckMetricName("app_jobs_done_total", /*is_counter=*/true), "");
}

TEST(MetricNameTest, WhatIsNoNameIsRefused) {
  for (const std::string& name :
       {std::string(), std::string("_a"), std::string("1a"), std::string("a-b"), std::string("a:b"),
        std::string("a_"), std::string("A"), std::string("a b"), std::string("\xc3\xa4"),
        std::string("a\"} 1\nb"), std::string(121, 'a')}) {
    EXPECT_THAT(CheckMetricName(name, /*is_counter=*/false), HasSubstr("is no name; write"))
        << name;
  }
}

TEST(MetricNameTest, OthersNamesAreRefused) {
  for (const char* name : {"pgrepl_jobs", "process_jobs", "scrape_jobs", "up"}) {
    EXPECT_THAT(CheckMetricName(name, /*is_counter=*/false), HasSubstr("choose another prefix"));
  }
}

TEST(MetricNameTest, CountersAndOnlyTheyEndInTotal) {
  EXPECT_THAT(CheckMetricName("app_jobs_total", false), HasSubstr("add 'type: counter'"));
  EXPECT_THAT(CheckMetricName("app_jobs", true), HasSubstr("must end in _total"));
}

TEST(MetricNameTest, SuffixesAndTypesOfOthersAreRefused) {
  for (const char* name : {"a_bucket", "a_count", "a_sum", "a_created"}) {
    EXPECT_THAT(CheckMetricName(name, false), HasSubstr("leave it away"));
  }
  EXPECT_THAT(CheckMetricName("a_count_total", true), HasSubstr("leave it away"));
  for (const char* name : {"a_gauge", "a_counter_b", "a_histogram", "a_summary"}) {
    EXPECT_THAT(CheckMetricName(name, false), HasSubstr("a type in its name"));
  }
}

TEST(MetricNameTest, OtherUnitsAreRefused) {
  for (const char* name : {"a_ms", "a_days", "a_minutes_b", "a_milliseconds", "a_h_total"}) {
    EXPECT_THAT(CheckMetricName(name, std::string_view(name).ends_with("_total")),
                HasSubstr("give it in seconds, and end its name in _seconds"));
  }
  for (const char* name : {"a_kb", "a_megabytes", "a_mebibytes", "a_bits"}) {
    EXPECT_THAT(CheckMetricName(name, false), HasSubstr("end its name in _bytes"));
  }
}

TEST(MetricNameTest, FamilyOfACounterIsWithoutTotal) {
  EXPECT_EQ(FamilyName("a_total"), "a");
  EXPECT_EQ(FamilyName("a_bytes"), "a_bytes");
}

TEST(ColumnNameTest, AsPostgresWritesThem) {
  for (const std::string& name :
       {std::string("datname"), std::string("_a1"), std::string(63, 'a')}) {
    EXPECT_EQ(CheckColumnName(name), "");
  }
  for (const std::string& name : {std::string(), std::string("?column?"), std::string("Datname"),
                                  std::string("a\"b"), std::string("1a"), std::string(64, 'a')}) {
    EXPECT_THAT(CheckColumnName(name), HasSubstr("write AS in the SQL")) << name;
  }
}

TEST(LabelNameTest, AreColumnsThatNobodyElseSets) {
  EXPECT_EQ(CheckLabelName("datname"), "");
  EXPECT_EQ(CheckLabelName("cluster"), "");
  for (const char* name :
       {"pg_cluster", "server", "le", "quantile", "job", "instance", "__name__"}) {
    EXPECT_THAT(CheckLabelName(name), HasSubstr("is set by")) << name;
  }
  EXPECT_THAT(CheckLabelName("a-b"), HasSubstr("is no name that PostgreSQL gives"));
}

}  // namespace
}  // namespace pgrepl::config
