// The /metrics page, made for all who ask at the same time. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "collectors/registry.h"
#include "exporter/base/mutex.h"
#include "exporter/http/exposition.h"
#include "exporter/http/shared_body.h"
#include "exporter/http/single_flight.h"
#include "exporter/http/views.h"
#include "exporter/metrics/self_metrics.h"

namespace pgrepl::http {

class MetricsPage {
 public:
  struct Options {
    std::function<CollectorSet()> collectors;  ///< whose families are shown, as of now
    VisitClusters visit;
    SelfMetrics* self;  ///< outlives the page
    /// Of pages that clients have not read to their end; past it they get the last one again, which is
    /// as old as the guard lets a client read (guard.h).
    std::size_t most_bytes = std::size_t{256} << 20U;
  };

  explicit MetricsPage(Options options)
      : options_(std::move(options)), flight_([this] { return Make(); }) {}

  std::shared_ptr<const SharedBody> Get(TextFormat format);

 private:
  class Moment;
  /// The memory of a moment that nobody reads any more: to fault in that of a large page takes as long
  /// as to write it.
  struct Spare {
    Mutex mutex;
    std::optional<Exposition> exposition PGREPL_GUARDED_BY(mutex);
    std::size_t bytes_out PGREPL_GUARDED_BY(mutex) = 0;  ///< of moments that are still read
  };

  std::shared_ptr<const Moment> Make();
  std::shared_ptr<const Moment> Write(Exposition exposition);

  const Options options_;
  const std::shared_ptr<Spare> spare_ = std::make_shared<Spare>();
  std::weak_ptr<const Moment> last_;  ///< the flight's
  SingleFlight<Moment> flight_;
};

}  // namespace pgrepl::http
