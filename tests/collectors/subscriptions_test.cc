// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

namespace pgrepl {
namespace {

constexpr std::nullopt_t kNull = std::nullopt;

std::string Subscriptions(const Rows& rows) {
  return Exposition(CollectorId::kSubscriptions, rows);
}

TEST(SubscriptionsTest, OneThatWorksOn18) {
  EXPECT_EQ(Subscriptions(
                OneRow({"app", "orders", "t", "1", "2",  "1",  "256", "0.5", "3",  "1",  "0",
                        "0",   "40",     "5", "6", "10", "11", "12",  "13",  "14", "15", "16"})),
            R"(# TYPE pgrepl_subscription_enabled gauge
pgrepl_subscription_enabled{server="p",database="app",subscription="orders"} 1
# TYPE pgrepl_subscription_workers gauge
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="apply"} 1
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="parallel_apply"} 2
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="table_sync"} 1
# TYPE pgrepl_subscription_unconfirmed_bytes gauge
pgrepl_subscription_unconfirmed_bytes{server="p",database="app",subscription="orders"} 256
# TYPE pgrepl_subscription_last_message_age_seconds gauge
pgrepl_subscription_last_message_age_seconds{server="p",database="app",subscription="orders"} 0.5
# TYPE pgrepl_subscription_errors_total counter
pgrepl_subscription_errors_total{server="p",database="app",subscription="orders",type="apply"} 5
pgrepl_subscription_errors_total{server="p",database="app",subscription="orders",type="sync"} 6
# TYPE pgrepl_subscription_conflicts_total counter
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="insert_exists"} 10
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="update_origin_differs"} 11
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="update_exists"} 12
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="update_missing"} 13
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="delete_missing"} 14
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="delete_origin_differs"} 15
pgrepl_subscription_conflicts_total{server="p",database="app",subscription="orders",type="multiple_unique_conflicts"} 16
# TYPE pgrepl_subscription_tables gauge
pgrepl_subscription_tables{server="p",database="app",subscription="orders",state="init"} 3
pgrepl_subscription_tables{server="p",database="app",subscription="orders",state="data_copy"} 1
pgrepl_subscription_tables{server="p",database="app",subscription="orders",state="finished_copy"} 0
pgrepl_subscription_tables{server="p",database="app",subscription="orders",state="synchronized"} 0
pgrepl_subscription_tables{server="p",database="app",subscription="orders",state="ready"} 40
)");
}

// Of another database, before 15: neither tables nor errors are known, and no worker has a message.
TEST(SubscriptionsTest, WhatIsNotKnownIsAbsentAndADeadWorkerIsZero) {
  EXPECT_EQ(Subscriptions(OneRow({"app", "orders", "f", "0", "0", "0", kNull, kNull, kNull, kNull,
                                  kNull, kNull, kNull})),
            R"(# TYPE pgrepl_subscription_enabled gauge
pgrepl_subscription_enabled{server="p",database="app",subscription="orders"} 0
# TYPE pgrepl_subscription_workers gauge
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="apply"} 0
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="parallel_apply"} 0
pgrepl_subscription_workers{server="p",database="app",subscription="orders",type="table_sync"} 0
)");
}

TEST(SubscriptionsTest, HostileNamesAreEscaped) {
  const std::string text =
      Subscriptions(OneRow({"a\"b", "c\\d\ne", "t", kNull, kNull, kNull, kNull, kNull}));
  EXPECT_EQ(text, R"(# TYPE pgrepl_subscription_enabled gauge
pgrepl_subscription_enabled{server="p",database="a\"b",subscription="c\\d\ne"} 1
)");
}

TEST(SubscriptionsTest, NoSubscriptionNoSamples) {
  EXPECT_EQ(Subscriptions(RowsBuilder().Build()), "");
}

}  // namespace
}  // namespace pgrepl
