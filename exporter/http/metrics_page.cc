// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/metrics_page.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/clock.h"

namespace pgrepl::http {

/// What was known at a moment, as text: the formats share their samples.
class MetricsPage::Moment {
 public:
  Moment(Exposition exposition, const SelfMetrics& self)
      : exposition_(std::move(exposition)), self_(self) {}

  [[nodiscard]] const SharedBody& In(TextFormat format) const {
    Rendering& rendering = format == TextFormat::kOpenMetrics ? open_ : plain_;
    std::call_once(rendering.once, [&] {
      rendering.self = self_.Render(format);
      std::vector<std::string_view> pieces = exposition_.Pieces(format);
      pieces.emplace_back(rendering.self);
      if (format == TextFormat::kOpenMetrics) pieces.push_back(kOpenMetricsEnd);
      rendering.body.emplace(std::move(pieces));
    });
    return *rendering.body;
  }
  [[nodiscard]] Exposition TakeExposition() && { return std::move(exposition_); }

 private:
  struct Rendering {
    std::once_flag once;
    std::string self;  ///< figures of the exporter itself come last
    std::optional<SharedBody> body;
  };

  Exposition exposition_;
  const SelfMetrics& self_;
  mutable Rendering plain_, open_;
};

std::shared_ptr<const SharedBody> MetricsPage::Get(TextFormat format) {
  const std::shared_ptr<const Moment> moment = flight_.Get();
  return {moment, &moment->In(format)};
}

std::shared_ptr<const MetricsPage::Moment> MetricsPage::Make() {
  std::optional<Exposition> exposition;
  {
    MutexLock lock(spare_->mutex);
    if (spare_->bytes_out > options_.most_bytes) {
      if (std::shared_ptr<const Moment> last = last_.lock()) return last;
    }
    exposition.swap(spare_->exposition);
  }
  if (!exposition) exposition.emplace();
  std::shared_ptr<const Moment> moment = Write(*std::move(exposition));
  last_ = moment;
  return moment;
}

std::shared_ptr<const MetricsPage::Moment> MetricsPage::Write(Exposition exposition) {
  const Time begin = Now();
  exposition.Begin(options_.collectors());
  options_.visit([&](const ClusterView& cluster) { exposition.Add(cluster); });
  options_.self->CountScrape(Seconds(Now() - begin));
  const std::size_t bytes = exposition.size();
  {
    MutexLock lock(spare_->mutex);
    spare_->bytes_out += bytes;
  }
  const auto keep_memory = [spare = spare_, bytes](Moment* moment) {
    {
      MutexLock lock(spare->mutex);
      spare->bytes_out -= bytes;
      spare->exposition = std::move(*moment).TakeExposition();
    }
    delete moment;
  };
  return {new Moment(std::move(exposition), *options_.self), keep_memory};
}

}  // namespace pgrepl::http
