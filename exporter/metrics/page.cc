// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/page.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace pgrepl {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

void AppendEscaped(std::string& out, std::string_view text, bool escape_quote) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && escape_quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void AppendLabel(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += "=\"";
  AppendEscaped(out, value, /*escape_quote=*/true);
  out += '"';
}

void AppendValue(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> digits{};
  const bool integral = std::abs(value) < kExactIntegers && value == std::trunc(value);
  const auto end =
      integral ? std::to_chars(digits.begin(), digits.end(), static_cast<std::int64_t>(value)).ptr
               : std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void AppendHeader(std::string& out, const Family& family, TextFormat format) {
  std::string_view name = family.name.view();
  const bool counter = family.type == MetricType::kCounter;
  constexpr std::string_view kTotal = "_total";
  if (format == TextFormat::kOpenMetrics && counter && name.ends_with(kTotal)) {
    name.remove_suffix(kTotal.size());
  }
  out.append("# HELP ").append(name) += ' ';
  AppendEscaped(out, family.help, /*escape_quote=*/format == TextFormat::kOpenMetrics);
  out.append("\n# TYPE ").append(name).append(counter ? " counter\n" : " gauge\n");
}

}  // namespace

std::string_view ContentType(TextFormat format) {
  return format == TextFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Page::Page(std::span<const Family* const> families) {
  blocks_.reserve(families.size());
  for (const Family* family : families) {
    index_.emplace(family, blocks_.size());
    blocks_.push_back({family, {}});
  }
}

void Page::Add(const Family& family, std::string_view scope_labels, double value,
               std::span<const std::string_view> label_values) {
  const auto found = index_.find(&family);
  if (found == index_.end() || std::isnan(value)) return;
  assert(label_values.size() == family.labels.size());
  std::string& out = blocks_[found->second].samples;
  out += family.name.view();
  if (!scope_labels.empty() || !label_values.empty()) {
    out += '{';
    out += scope_labels;
    for (std::size_t i = 0; i < label_values.size(); ++i) {
      if (out.back() != '{') out += ',';
      AppendLabel(out, family.labels[i], label_values[i]);
    }
    out += '}';
  }
  out += ' ';
  AppendValue(out, value);
  out += '\n';
}

std::string Page::Render(TextFormat format) const {
  std::size_t size = 64;
  for (const Block& block : blocks_) {
    if (!block.samples.empty()) size += block.samples.size() + block.family->help.size() + 160;
  }
  std::string out;
  out.reserve(size);
  for (const Block& block : blocks_) {
    if (block.samples.empty()) continue;
    AppendHeader(out, *block.family, format);
    out += block.samples;
  }
  if (format == TextFormat::kOpenMetrics) out += "# EOF\n";
  return out;
}

std::string ScopeLabels(
    std::initializer_list<std::pair<std::string_view, std::string_view>> name_values) {
  std::string out;
  for (const auto& [name, value] : name_values) {
    if (!out.empty()) out += ',';
    AppendLabel(out, name, value);
  }
  return out;
}

void Samples::Add(const Family& family, double value,
                  std::initializer_list<std::string_view> labels) {
  page_.Add(family, scope_labels_, value, labels);
}

void Samples::Add(const Family& family, double value, std::span<const std::string_view> labels) {
  page_.Add(family, scope_labels_, value, labels);
}

void Samples::Add(const Family& family, std::optional<double> value,
                  std::initializer_list<std::string_view> labels) {
  if (value) Add(family, *value, labels);
}

void Samples::AddStates(const Family& family, std::span<const std::string_view> states,
                        std::optional<std::string_view> current,
                        std::initializer_list<std::string_view> labels) {
  assert(!states.empty() && labels.size() < 3);
  if (current && std::find(states.begin(), states.end(), *current) == states.end()) {
    current = states.back();
  }
  const auto* label = labels.begin();
  for (const std::string_view state : states) {
    const double value = current == state ? 1 : 0;
    if (labels.size() == 0) {
      Add(family, value, {state});
    } else if (labels.size() == 1) {
      Add(family, value, {label[0], state});
    } else {
      Add(family, value, {label[0], label[1], state});
    }
  }
}

}  // namespace pgrepl
