// A server that lies: any values in any number of columns, into each collector's decoder, and what it
// makes of them onto a page.
// SPDX-License-Identifier: Apache-2.0
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
    fuzz::Require(fuzz::ParseExposition(rendered).has_value(), "a page is one, each series once");
  }
  return 0;
}
