// What a page says is what was put on it, whatever the labels hold.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/page.h"

#include <array>
#include <cmath>
#include <set>

#include "tests/fuzz/exposition.h"
#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

namespace {

constexpr std::string_view kLabels[] = {"slot_name", "slot_type"};
constexpr Family kFamily{.name = "pgrepl_fuzzed", .help = "Of the \\ test.", .labels = kLabels};
constexpr const Family* kFamilies[] = {&kFamily};

}  // namespace

// A line a sample: server, two labels and the length of the third as its value, between tabs.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::Text(data, size);
  Page page(kFamilies);
  std::set<std::array<std::string_view, 3>> put;
  while (!rest.empty()) {
    std::string_view line = fuzz::TakeUntil(rest, '\x1e');
    const std::string_view server = fuzz::TakeUntil(line, '\t');
    const std::string_view name = fuzz::TakeUntil(line, '\t');
    if (!put.insert({server, name, line}).second) continue;
    page.Add(kFamily, ScopeLabels({{"server", server}}), static_cast<double>(line.size()) / 3,
             {name, line});
  }
  const std::string text = page.Render(TextFormat::kPrometheus);
  const auto samples = fuzz::ParseExposition(text);
  fuzz::Require(samples.has_value(), "a page is one");
  fuzz::Require(samples->size() == put.size(), "each sample is on it");
  for (const fuzz::Sample& sample : *samples) {
    const auto& [server, name, type] = std::tie(
        sample.labels.at(0).second, sample.labels.at(1).second, sample.labels.at(2).second);
    fuzz::Require(put.contains({server, name, type}), "with the labels it had");
    fuzz::Require(sample.value == static_cast<double>(type.size()) / 3, "and its value");
  }
  const std::string open = page.Render(TextFormat::kOpenMetrics);
  fuzz::Require(open.ends_with("# EOF\n"), "OpenMetrics ends with its mark");
  return 0;
}
