// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/exposition.h"

#include <gtest/gtest.h>

namespace pgrepl::http {
namespace {

constexpr TextFormat kOpen = TextFormat::kOpenMetrics;
constexpr TextFormat kPlain = TextFormat::kPrometheus;

TEST(NegotiateFormatTest, PrometheusGetsOpenMetrics) {
  EXPECT_EQ(NegotiateFormat("application/openmetrics-text;version=1.0.0,"
                            "application/openmetrics-text;version=0.0.1;q=0.75,"
                            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            kOpen)
      << "2.x";
  EXPECT_EQ(NegotiateFormat("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                            "application/openmetrics-text;version=0.0.1;q=0.5,"
                            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
            kOpen)
      << "3.x";
}

TEST(NegotiateFormatTest, WhoDoesNotAskForItGetsPlainText) {
  for (const char* accept :
       {"", "*/*", "text/plain", "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/plain;q=0.9,application/openmetrics-text;q=0.5", "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=x", "application/openmetrics-text2", "application/json"}) {
    EXPECT_EQ(NegotiateFormat(accept), kPlain) << accept;
  }
  EXPECT_EQ(NegotiateFormat("Application/OpenMetrics-Text"), kOpen);
}

}  // namespace
}  // namespace pgrepl::http
