// A metric family: name, type, help, and the labels beyond those of its scope. Ours are constants, and
// a bad name does not compile; those of the configuration were checked when it was read.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace pgrepl {

enum class MetricType { kGauge, kCounter };

/// Which labels every series of a family starts with.
enum class Scope {
  kServer,    ///< pg_cluster, server
  kCluster,   ///< pg_cluster
  kExporter,  ///< none
};

/// `pgrepl_` and snake_case, checked while compiling; or a name of the configuration.
class MetricName {
 public:
  consteval MetricName(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
    if (!name_.starts_with("pgrepl_")) throw "a metric name starts with pgrepl_";
    for (const char c : name_) {
      const bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (!ok) throw "a metric name is lower case, digits and underscores";
    }
    if (name_.ends_with('_')) throw "a metric name does not end with an underscore";
  }
  /// What config::CheckMetricName has nothing against; the text must outlive it.
  static constexpr MetricName Configured(std::string_view name) { return MetricName(name, 0); }

  [[nodiscard]] constexpr std::string_view view() const { return name_; }

 private:
  constexpr MetricName(std::string_view checked, int) : name_(checked) {}

  std::string_view name_;
};

struct Family {
  MetricName name;
  MetricType type = MetricType::kGauge;
  std::string_view help;  ///< one sentence with a full stop; names its source column in brackets
  Scope scope = Scope::kServer;
  std::span<const std::string_view> labels = {};  ///< in the order Samples::Add takes their values
  std::string_view on = {};  ///< "standbys", where its collector runs on others too
};

}  // namespace pgrepl
