// The /metrics page from what cluster/ knows now and from the exporter's own figures.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/registry.h"
#include "collectors/view.h"
#include "exporter/metrics/page.h"

namespace pgrepl::http {

/// One page after another, in the memory of the last. One thread at a time.
class Exposition {
 public:
  /// A new page. Collectors that are off have no families.
  void Begin(const CollectorSet& collectors);
  void Add(const ClusterView& cluster);
  [[nodiscard]] std::size_t size() const { return page_->size(); }
  /// As Page::Pieces().
  [[nodiscard]] std::vector<std::string_view> Pieces(TextFormat format) const {
    return page_->Pieces(format);
  }

 private:
  CollectorSet collectors_;  ///< whose families page_ has
  std::optional<Page> page_;
};

/// One page alone.
std::string Expose(std::span<const ClusterView> clusters, const CollectorSet& collectors,
                   TextFormat format);

/// One server alone: without what is said of its cluster.
std::string ExposeServer(const ServerView& server, const CollectorSet& collectors,
                         TextFormat format);

/// OpenMetrics when the Accept header prefers it to text/plain, as Prometheus does.
TextFormat NegotiateFormat(std::string_view accept);

}  // namespace pgrepl::http
