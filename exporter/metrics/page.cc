// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/page.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

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

char* Put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// Takes two bytes for each at most.
char* PutEscaped(char* out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') {
      *out++ = '\\';
    } else if (c == '\n') {
      *out++ = '\\';
      *out++ = 'n';
      continue;
    }
    *out++ = c;
  }
  return out;
}

constexpr std::size_t kMostDigits = 32;

char* PutValue(char* out, double value) {
  if (value == 0 || value == 1) {  // most are
    *out = value == 0 ? '0' : '1';
    return out + 1;
  }
  if (std::isinf(value)) return Put(out, value > 0 ? "+Inf" : "-Inf");
  if (std::abs(value) < kExactIntegers && value == std::trunc(value)) {
    return std::to_chars(out, out + kMostDigits, static_cast<std::int64_t>(value)).ptr;
  }
  return std::to_chars(out, out + kMostDigits, value).ptr;
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
  if (format == TextFormat::kOpenMetrics) AppendUnit(out, name);
}

}  // namespace

std::string_view ContentType(TextFormat format) {
  return format == TextFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void AppendUnit(std::string& out, std::string_view name) {
  for (const std::string_view suffix : {"_seconds", "_bytes"}) {
    if (!name.ends_with(suffix)) continue;
    out.append("# UNIT ").append(name).append(" ").append(suffix.substr(1)) += '\n';
  }
}

Page::Page(std::span<const Family* const> families) {
  blocks_.reserve(families.size());
  for (const Family* family : families) {
    index_.emplace(family, blocks_.size());
    Block block{.family = family, .begin = std::string(family->name.view()) + '{'};
    for (const std::string_view label : family->labels) {
      block.labels.push_back(',' + std::string(label) + "=\"");
    }
    AppendHeader(block.help, *family, TextFormat::kPrometheus);
    AppendHeader(block.open_help, *family, TextFormat::kOpenMetrics);
    blocks_.push_back(std::move(block));
  }
}

// Nearly always the one after the last, or the same: collectors emit in the order of their families.
Page::Block* Page::Find(const Family& family) {
  for (const std::size_t likely : {found_, found_ + 1}) {
    if (likely >= blocks_.size() || blocks_[likely].family != &family) continue;
    found_ = likely;
    return &blocks_[likely];
  }
  const auto found = index_.find(&family);
  if (found == index_.end()) return nullptr;
  found_ = found->second;
  return &blocks_[found_];
}

void Page::Add(const Family& family, std::string_view scope_labels, double value,
               std::span<const std::string_view> label_values) {
  Block* block = Find(family);
  if (block == nullptr || std::isnan(value)) return;
  assert(label_values.size() == family.labels.size());
  std::size_t longest = block->begin.size() + scope_labels.size() + kMostDigits + 3;
  for (std::size_t i = 0; i < label_values.size(); ++i) {
    longest += block->labels[i].size() + 2 * label_values[i].size() + 1;
  }
  char* out = Put(block->samples.Room(longest), block->begin);
  out = Put(out, scope_labels);
  for (std::size_t i = 0; i < label_values.size(); ++i) {
    const std::string_view label = block->labels[i];
    out = Put(out, out[-1] == '{' ? label.substr(1) : label);
    out = PutEscaped(out, label_values[i]);
    *out++ = '"';
  }
  if (out[-1] == '{') {
    --out;
  } else {
    *out++ = '}';
  }
  *out++ = ' ';
  out = PutValue(out, value);
  *out++ = '\n';
  block->samples.EndAt(out);
}

void Page::Clear() {
  for (Block& block : blocks_) block.samples.Clear();
  found_ = 0;
}

std::size_t Page::size() const {
  std::size_t size = 0;
  for (const Block& block : blocks_) size += block.samples.view().size();
  return size;
}

std::vector<std::string_view> Page::Pieces(TextFormat format) const {
  std::vector<std::string_view> pieces;
  pieces.reserve(2 * blocks_.size() + 2);
  for (const Block& block : blocks_) {
    if (block.samples.empty()) continue;
    pieces.emplace_back(format == TextFormat::kOpenMetrics ? block.open_help : block.help);
    pieces.push_back(block.samples.view());
  }
  return pieces;
}

std::string Page::Render(TextFormat format) const {
  std::string out;
  for (const std::string_view piece : Pieces(format)) out += piece;
  if (format == TextFormat::kOpenMetrics) out += kOpenMetricsEnd;
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
