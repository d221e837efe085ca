// The text of one /metrics answer, grown family by family. Samples are written as text at once: per
// family one buffer, no intermediate objects, and a page that is cleared keeps its buffers, so that the
// next one allocates nothing. A Page is built and rendered by one thread.
// Formats: Prometheus text 0.0.4 and OpenMetrics 1.0, which differ in their comment lines only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exporter/metrics/family.h"
#include "exporter/metrics/text_buffer.h"

namespace pgrepl {

enum class TextFormat { kPrometheus, kOpenMetrics };

/// The Content-Type that announces a format.
std::string_view ContentType(TextFormat format);

class Page {
 public:
  /// The families in the order they appear; each must outlive the page.
  explicit Page(std::span<const Family* const> families);

  /// Adds one series. `scope_labels` is rendered text ("" or `a="b",c="d"`), see ScopeLabels.
  /// A family that isn't one of this page's (its collector is off) and NaN are dropped.
  void Add(const Family& family, std::string_view scope_labels, double value,
           std::span<const std::string_view> label_values);
  void Add(const Family& family, std::string_view scope_labels, double value,
           std::initializer_list<std::string_view> label_values) {
    Add(family, scope_labels, value, std::span(label_values.begin(), label_values.size()));
  }

  /// Without series again, for the same families.
  void Clear();

  /// Bytes of all samples, without comment lines.
  [[nodiscard]] std::size_t size() const;
  /// Families without series are left out.
  [[nodiscard]] std::string Render(TextFormat format) const;
  /// The same where it lies, until the page is changed; without OpenMetrics' end mark.
  [[nodiscard]] std::vector<std::string_view> Pieces(TextFormat format) const;

 private:
  /// What does not change is made once.
  struct Block {
    const Family* family;
    std::string begin;                ///< of each line: `name{`
    std::vector<std::string> labels;  ///< `,label="`
    std::string help, open_help;      ///< HELP and TYPE, by format
    TextBuffer samples;
  };

  [[nodiscard]] Block* Find(const Family& family);

  std::vector<Block> blocks_;
  std::unordered_map<const Family*, std::size_t> index_;
  std::size_t found_ = 0;  ///< the block that was found last
};

inline constexpr std::string_view kOpenMetricsEnd = "# EOF\n";

/// OpenMetrics' line on the unit that the name of a family ends with, if it is one.
void AppendUnit(std::string& out, std::string_view name);

/// Rendered label pairs without braces, values escaped: `pg_cluster="main",server="p"`.
std::string ScopeLabels(
    std::initializer_list<std::pair<std::string_view, std::string_view>> name_values);

/// The door through which a collector emits: a page and the labels of one server or one cluster.
class Samples {
 public:
  Samples(Page& page, std::string_view scope_labels) : page_(page), scope_labels_(scope_labels) {}

  void Add(const Family& family, double value, std::initializer_list<std::string_view> labels = {});
  /// For labels whose number isn't known while compiling.
  void Add(const Family& family, double value, std::span<const std::string_view> labels);
  /// NULL is absence: nullopt adds nothing.
  void Add(const Family& family, std::optional<double> value,
           std::initializer_list<std::string_view> labels = {});
  /// One series per known state, 1 for the current one; a state that isn't known maps to the last
  /// entry, which is `other` by custom. No current state: all 0. `labels` come before the state.
  void AddStates(const Family& family, std::span<const std::string_view> states,
                 std::optional<std::string_view> current,
                 std::initializer_list<std::string_view> labels = {});

 private:
  Page& page_;
  std::string_view scope_labels_;
};

}  // namespace pgrepl
