// The exporter's figures about itself, in prometheus-cpp's Registry (the only use of that library),
// and the usual process_* ones. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/metrics/page.h"

namespace pgrepl {

class SelfMetrics {
 public:
  explicit SelfMetrics(std::string_view version);
  ~SelfMetrics();
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;

  /// These and no others; `shard` as --shard takes it.
  void Watches(const std::vector<std::string>& clusters, const std::string& shard);
  /// Of these, and no others, members are looked up.
  void Discovers(const std::vector<std::string>& clusters);
  void ConfigLoaded(bool success);
  /// The web configuration; without one there is no such series.
  void WebConfigLoaded(bool success);
  /// Its members were looked up; `count` counts only if that was a success.
  void Discovered(const std::string& cluster, bool success, std::size_t count);
  void CountScrape(double seconds);
  void CountConnection();
  /// `seconds`: from when it was due to its last answer.
  void CountPulse(double seconds);

  /// All families as text, without OpenMetrics' end mark. The library's own serialiser escapes no
  /// HELP and prints "Nan".
  [[nodiscard]] std::string Render(TextFormat format) const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace pgrepl
