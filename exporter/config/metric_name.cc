// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/metric_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "exporter/config/nearest.h"

namespace pgrepl::config {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::string_view kReservedPrefixes[] = {"pgrepl_", "process_", "scrape_"};
// Of a histogram's, a summary's or a counter's own series.
constexpr std::string_view kReservedSuffixes[] = {"_bucket", "_count", "_sum", "_created"};
constexpr std::string_view kTypes[] = {"gauge", "counter", "histogram", "summary"};
// The last two are what Prometheus itself sets, and renames ours for.
constexpr std::string_view kReservedLabels[] = {"pg_cluster", "server",   "le",
                                                "quantile",   "instance", "job"};
// PostgreSQL cuts off what is longer.
constexpr std::size_t kLongestIdentifier = 63;
constexpr std::size_t kLongestMetric = 120;

struct Unit {
  std::string_view word;
  std::string_view base;
};
constexpr Unit kUnits[] = {
    {"s", "seconds"},     {"ms", "seconds"},      {"us", "seconds"},   {"ns", "seconds"},
    {"sec", "seconds"},   {"minutes", "seconds"}, {"m", "seconds"},    {"h", "seconds"},
    {"hours", "seconds"}, {"d", "seconds"},       {"days", "seconds"}, {"weeks", "seconds"},
    {"b", "bytes"},       {"kb", "bytes"},        {"mb", "bytes"},     {"gb", "bytes"},
    {"tb", "bytes"},      {"pb", "bytes"},        {"bits", "bytes"}};
constexpr std::string_view kUnitPrefixes[] = {"pico", "nano", "micro", "milli", "kilo", "kibi",
                                              "mega", "mebi", "giga",  "gibi",  "tera", "tebi"};

// As of a variable: lower case letters, digits and underscores, a letter first.
bool IsPlain(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

template <std::size_t N>
std::string_view Find(const std::string_view (&all)[N], auto&& condition) {
  const auto* const found = std::find_if(std::begin(all), std::end(all), condition);
  return found == std::end(all) ? std::string_view() : *found;
}

std::string_view BaseOf(std::string_view word) {
  for (const Unit& unit : kUnits) {
    if (unit.word == word) return unit.base;
  }
  for (std::string_view prefix : kUnitPrefixes) {
    for (const std::string_view base : {std::string_view("seconds"), std::string_view("bytes")}) {
      if (word.starts_with(prefix) && word.substr(prefix.size()) == base) return base;
    }
  }
  return {};
}

// What promtool says of the words that the name is made of; the first is no unit.
std::string CheckWords(std::string_view name) {
  for (std::size_t at = name.find('_'); at != name.npos;) {
    const std::size_t end = name.find('_', at + 1);
    const std::string_view word = name.substr(at + 1, end - at - 1);
    if (const std::string_view base = BaseOf(word); !base.empty()) {
      return fmt::format("metric {} is in {}; give it in {}, and end its name in _{}", Quoted(name),
                         word, base, base);
    }
    if (!Find(kTypes, [&](std::string_view type) { return type == word; }).empty()) {
      return fmt::format("metric {} has a type in its name; leave {} away", Quoted(name), word);
    }
    at = end;
  }
  return "";
}

std::string CheckTotal(std::string_view name, bool is_counter) {
  if (name.ends_with(kTotal) == is_counter) return "";
  if (is_counter) {
    return fmt::format("metric {} is a counter, whose name must end in _total", Quoted(name));
  }
  return fmt::format(
      "metric {} ends in _total but is a gauge; add 'type: counter' if it only grows",
      Quoted(name));
}

}  // namespace

std::string_view FamilyName(std::string_view name) {
  if (name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

std::string CheckMetricName(std::string_view name, bool is_counter) {
  if (!IsPlain(name) || name.ends_with('_') || name.size() > kLongestMetric) {
    return fmt::format(
        "metric {} is no name; write up to {} lower case letters, digits and "
        "underscores between them, like app_jobs_waiting",
        Quoted(name), kLongestMetric);
  }
  const std::string_view prefix =
      Find(kReservedPrefixes, [&](std::string_view one) { return name.starts_with(one); });
  if (!prefix.empty() || name == "up") {
    return fmt::format(
        "metric {} is called like one of the exporter's or of Prometheus' own; choose another "
        "prefix, like app_",
        Quoted(name));
  }
  if (std::string wrong = CheckTotal(name, is_counter); !wrong.empty()) return wrong;
  const std::string_view suffix = Find(
      kReservedSuffixes, [&](std::string_view one) { return FamilyName(name).ends_with(one); });
  if (!suffix.empty()) {
    return fmt::format("metric {} ends in {}, as only series of other types do; leave it away",
                       Quoted(name), suffix);
  }
  return CheckWords(name);
}

std::string CheckColumnName(std::string_view name) {
  const bool may_start = name.starts_with('_') || IsPlain(name.substr(0, 1));
  if (may_start && IsPlain("a" + std::string(name)) && name.size() <= kLongestIdentifier) return "";
  return fmt::format(
      "column {} is no name that PostgreSQL gives; write AS in the SQL, with up to {} lower case "
      "letters, digits and underscores",
      Quoted(name), kLongestIdentifier);
}

std::string CheckLabelName(std::string_view name) {
  if (std::string wrong = CheckColumnName(name); !wrong.empty()) return wrong;
  const bool is_reserved =
      name.starts_with("__") ||
      !Find(kReservedLabels, [&](std::string_view one) { return one == name; }).empty();
  if (!is_reserved) return "";
  return fmt::format(
      "label {} is set by the exporter or by Prometheus; call the column something else, with AS "
      "in "
      "the SQL",
      Quoted(name));
}

}  // namespace pgrepl::config
