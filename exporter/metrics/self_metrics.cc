// SPDX-License-Identifier: Apache-2.0
#include "exporter/metrics/self_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <map>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/mutex.h"
#include "exporter/base/unique_fd.h"

namespace pgrepl {
namespace {

// Seconds; a scrape reads memory and takes well under a millisecond.
const prometheus::Histogram::BucketBoundaries kScrapeBuckets = {0.0001, 0.0005, 0.001,
                                                                0.005,  0.025,  0.1};

// A server's answer takes a millisecond and a network's way; past a deadline it is given up.
const prometheus::Histogram::BucketBoundaries kPulseBuckets = {0.002, 0.005, 0.01, 0.02, 0.05,
                                                               0.1,   0.2,   0.5,  1,    2};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// `statm` is /proc/self/statm: total and resident pages (proc(5)).
double ResidentBytes(const UniqueFd& statm) {
  std::array<char, 64> text{};
  double resident = 0;
  if (pread(statm.get(), text.data(), text.size() - 1, 0) > 0) {
    std::sscanf(text.data(), "%*s %lf", &resident);
  }
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double OpenDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (!directory) return 0;
  int entries = 0;
  while (readdir(directory.get()) != nullptr) ++entries;  // NOLINT(concurrency-mt-unsafe)
  return entries - 3;                                     // ".", "..", and the one just opened
}

std::string LabelsOf(const prometheus::ClientMetric& metric, std::string_view extra = {}) {
  std::string out;
  for (const auto& label : metric.label) {
    out += (out.empty() ? "" : ",") + ScopeLabels({{label.name, label.value}});
  }
  if (!extra.empty()) out.append(out.empty() ? "" : ",").append(extra);
  return out.empty() ? out : "{" + out + "}";
}

void AppendHistogram(std::string& out, const std::string& name,
                     const prometheus::ClientMetric& metric) {
  const auto& histogram = metric.histogram;
  for (const auto& bucket : histogram.bucket) {
    const std::string bound =
        bucket.upper_bound > 1e300 ? "+Inf" : fmt::format("{}", bucket.upper_bound);
    fmt::format_to(std::back_inserter(out), "{}_bucket{} {}\n", name,
                   LabelsOf(metric, "le=\"" + bound + "\""), bucket.cumulative_count);
  }
  fmt::format_to(std::back_inserter(out), "{0}_sum{1} {2}\n{0}_count{1} {3}\n", name,
                 LabelsOf(metric), histogram.sample_sum, histogram.sample_count);
}

void AppendFamily(std::string& out, const prometheus::MetricFamily& family, TextFormat format) {
  std::string_view type = "gauge";
  std::string_view announced = family.name;
  if (family.type == prometheus::MetricType::Counter) {
    type = "counter";
    if (format == TextFormat::kOpenMetrics)
      announced.remove_suffix(std::string_view("_total").size());
  } else if (family.type == prometheus::MetricType::Histogram) {
    type = "histogram";
  }
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", announced,
                 family.help, type);
  if (format == TextFormat::kOpenMetrics) AppendUnit(out, announced);
  for (const auto& metric : family.metric) {
    if (family.type == prometheus::MetricType::Histogram) {
      AppendHistogram(out, family.name, metric);
      continue;
    }
    const bool counter = family.type == prometheus::MetricType::Counter;
    fmt::format_to(std::back_inserter(out), "{}{} {}\n", family.name, LabelsOf(metric),
                   counter ? metric.counter.value : metric.gauge.value);
  }
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

/// A gauge for each cluster.
class ClusterGauges {
 public:
  ClusterGauges(prometheus::Registry& registry, const char* name, const char* help)
      : family_(prometheus::BuildGauge().Name(name).Help(help).Register(registry)) {}

  void Set(const std::string& cluster, double value, prometheus::Labels labels = {}) {
    MutexLock lock(mutex_);
    prometheus::Gauge*& gauge = gauges_[cluster];
    labels.emplace("pg_cluster", cluster);
    if (gauge == nullptr) gauge = &family_.Add(labels);
    gauge->Set(value);
  }

  void Keep(const std::vector<std::string>& clusters) {
    MutexLock lock(mutex_);
    std::erase_if(gauges_, [&](const auto& one) {
      if (std::find(clusters.begin(), clusters.end(), one.first) != clusters.end()) return false;
      family_.Remove(one.second);
      return true;
    });
  }

 private:
  prometheus::Family<prometheus::Gauge>& family_;
  Mutex mutex_;
  std::map<std::string, prometheus::Gauge*> gauges_ PGREPL_GUARDED_BY(mutex_);
};

}  // namespace

struct SelfMetrics::Families {
  prometheus::Registry registry;
  prometheus::Histogram& scrapes = prometheus::BuildHistogram()
                                       .Name("pgrepl_exporter_scrape_duration_seconds")
                                       .Help(
                                           "Time to build one page of metrics; scrapes that come "
                                           "meanwhile get the same one.")
                                       .Register(registry)
                                       .Add({}, kScrapeBuckets);
  prometheus::Histogram& pulses =
      prometheus::BuildHistogram()
          .Name("pgrepl_exporter_pulse_lateness_seconds")
          .Help("From when a pulse was due to its last answer, or until it was given up.")
          .Register(registry)
          .Add({}, kPulseBuckets);
  ClusterGauges watches{registry, "pgrepl_exporter_watches",
                        "Clusters that this exporter watches, and its part of all (--shard), "
                        "value 1."};
  ClusterGauges discovery_up{registry, "pgrepl_exporter_discovery_up",
                             "Whether the last look-up of a cluster's members succeeded; else "
                             "those that are known stay."};
  ClusterGauges discovery_members{registry, "pgrepl_exporter_discovery_members",
                                  "Members that the last look-up which succeeded has listed."};
  prometheus::Gauge& config_loaded =
      AddGauge(registry, "pgrepl_exporter_config_last_reload_successful",
               "Whether the configuration was good when it was last read; else the one before is "
               "still used.");
  prometheus::Gauge& config_loaded_at =
      AddGauge(registry, "pgrepl_exporter_config_last_reload_success_timestamp_seconds",
               "When the configuration that is used was read, since the epoch.");
  prometheus::Family<prometheus::Gauge>& web_config_loaded =
      prometheus::BuildGauge()
          .Name("pgrepl_exporter_web_config_last_reload_successful")
          .Help(
              "Whether the web configuration and the files that it names were good when they were "
              "last read; else those before are still used. Absent without --web.config.file.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& web_config_loaded_at =
      prometheus::BuildGauge()
          .Name("pgrepl_exporter_web_config_last_reload_success_timestamp_seconds")
          .Help("When the web configuration that is used was read, since the epoch.")
          .Register(registry);
  prometheus::Counter& connections =
      AddCounter(registry, "pgrepl_exporter_connections_opened_total",
                 "Connections opened to PostgreSQL servers.");
  prometheus::Counter& cpu =
      AddCounter(registry, "process_cpu_seconds_total", "User and system CPU time spent.");
  prometheus::Gauge& resident =
      AddGauge(registry, "process_resident_memory_bytes", "Resident memory size.");
  prometheus::Gauge& descriptors =
      AddGauge(registry, "process_open_fds", "Number of open file descriptors.");
  prometheus::Gauge& start = AddGauge(registry, "process_start_time_seconds",
                                      "Start time of the process since the epoch.");

  // Kept open: opening it for each page took a tenth of a scrape.
  const UniqueFd statm{open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
  Mutex refreshing;  ///< two scrapes at once would count the CPU time twice

  void Refresh() {
    MutexLock lock(refreshing);
    const double spent = CpuSeconds() - cpu.Value();
    if (spent > 0) cpu.Increment(spent);
    resident.Set(ResidentBytes(statm));
    descriptors.Set(OpenDescriptors());
  }
};

SelfMetrics::SelfMetrics(std::string_view version) : families_(std::make_unique<Families>()) {
  prometheus::BuildGauge()
      .Name("pgrepl_exporter_build_info")
      .Help("The exporter's version, value 1.")
      .Register(families_->registry)
      .Add({{"version", std::string(version)}})
      .Set(1);
  families_->start.Set(WallSeconds());
}

SelfMetrics::~SelfMetrics() = default;

void SelfMetrics::Watches(const std::vector<std::string>& clusters, const std::string& shard) {
  families_->watches.Keep(clusters);
  for (const std::string& cluster : clusters)
    families_->watches.Set(cluster, 1, {{"shard", shard}});
}

void SelfMetrics::Discovers(const std::vector<std::string>& clusters) {
  families_->discovery_up.Keep(clusters);
  families_->discovery_members.Keep(clusters);
}

void SelfMetrics::Discovered(const std::string& cluster, bool success, std::size_t count) {
  families_->discovery_up.Set(cluster, success ? 1 : 0);
  if (success) families_->discovery_members.Set(cluster, static_cast<double>(count));
}

void SelfMetrics::ConfigLoaded(bool success) {
  families_->config_loaded.Set(success ? 1 : 0);
  if (success) families_->config_loaded_at.Set(WallSeconds());
}

void SelfMetrics::WebConfigLoaded(bool success) {
  families_->web_config_loaded.Add({}).Set(success ? 1 : 0);
  if (success) families_->web_config_loaded_at.Add({}).Set(WallSeconds());
}

void SelfMetrics::CountScrape(double seconds) { families_->scrapes.Observe(seconds); }
void SelfMetrics::CountPulse(double seconds) { families_->pulses.Observe(seconds); }
void SelfMetrics::CountConnection() { families_->connections.Increment(); }

std::string SelfMetrics::Render(TextFormat format) const {
  families_->Refresh();
  std::string out;
  for (const prometheus::MetricFamily& family : families_->registry.Collect()) {
    AppendFamily(out, family, format);
  }
  return out;
}

}  // namespace pgrepl
