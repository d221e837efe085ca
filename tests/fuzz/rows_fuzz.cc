// A server that lies: any values in any number of columns, into each collector's decoder, and what it
// makes of them onto a page.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>

#include "tests/fuzz/exposition.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/exposition.h"
#include "tests/support/rows_builder.h"

using namespace pgrepl;

namespace {

// As COPY writes rows, without its escapes: a line each, tabs between, \N for NULL.
Rows ParseRows(std::string_view text) {
  RowsBuilder builder;
  std::size_t columns = 0;
  while (!text.empty()) {
    std::string_view line = fuzz::TakeUntil(text, '\n');
    std::vector<RowsBuilder::Value> values;
    do {
      const std::string_view value = fuzz::TakeUntil(line, '\t');
      values.push_back(value == "\\N" ? RowsBuilder::Value() : value);
    } while (!line.empty());
    if (columns == 0) columns = values.size();
    values.resize(columns);
    builder.AddRow(values);
  }
  return builder.Build();
}

// A catalog names nothing twice; what it names is in the first columns.
bool Repeats(const Rows& rows) {
  for (int column = 0; column < std::min(2, rows.columns()); ++column) {
    std::set<std::string> seen;
    for (int row = 0; row < rows.size(); ++row) {
      if (!seen.insert(rows[row].Name(column)).second) return true;
    }
  }
  return false;
}

}  // namespace

// The first line names the collector.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::Text(data, size);
  const std::string_view name = fuzz::TakeUntil(text, '\n');
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    const Collector& collector = *Collectors()[i];
    if (collector.name != name || collector.decode == nullptr || collector.emit == nullptr)
      continue;
    const Rows rows = ParseRows(text);
    const Result<FactPtr> fact = collector.decode(collector, rows);
    if (!fact) return 0;
    if (collector.hidden != nullptr) static_cast<void>(collector.hidden(fact->get()));
    ServerView server;
    server.labels = R"(server="p")";
    server.facts[i] = fact->get();
    Page page(collector.families);
    Samples samples(page, server.labels);
    collector.emit(fact->get(), server, samples);
    const std::string rendered = page.Render(TextFormat::kPrometheus);
    const auto parsed = fuzz::ParseExposition(rendered);
    fuzz::Require(parsed.has_value(), "a page is one");
    fuzz::Require(Repeats(rows) || fuzz::EachOnce(*parsed), "each series once");
  }
  return 0;
}
