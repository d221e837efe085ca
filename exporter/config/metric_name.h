// What a metric or a label may be called: names that Prometheus, its lint (promtool) and OpenMetrics
// all take, and that neither the exporter nor Prometheus uses itself.
// Each function says what is wrong with a name and what to do; empty when nothing is. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pgrepl::config {

std::string CheckMetricName(std::string_view name, bool is_counter);

/// A label is called like the column that it is read from.
std::string CheckLabelName(std::string_view name);

/// As PostgreSQL names a column that isn't in quotes.
std::string CheckColumnName(std::string_view name);

/// What OpenMetrics calls its family: two metrics with one family name can't be on a page.
std::string_view FamilyName(std::string_view name);

}  // namespace pgrepl::config
