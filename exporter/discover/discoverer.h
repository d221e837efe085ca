// Looks up the members of clusters again and again, on threads of its own: a resolver or an API that
// hangs holds up a few look-ups, and never a pulse.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "exporter/base/hanging_threads.h"
#include "exporter/discover/lookup.h"

namespace pgrepl::discover {

class Discoverer {
 public:
  using Look = std::function<Result<Members>(const config::Discovery&)>;
  /// Called on one of its threads, for one cluster at a time.
  using Report = std::function<void(const std::string& cluster, const Result<Members>& members)>;

  Discoverer(int threads, Report report, Look look = LookUp);
  /// As Stop.
  ~Discoverer();
  Discoverer(const Discoverer&) = delete;
  Discoverer& operator=(const Discoverer&) = delete;

  /// Looks for these from now on, for new and changed ones at once. Not to be called by a report.
  void Configure(const std::map<std::string, config::Discovery>& clusters);

  /// Until each has been looked for once, or this time is over.
  void AwaitFirst(Duration longest);

  /// Reports cease. False when a thread is still inside a look-up: it ends by itself.
  bool Stop();

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;
  HangingThreads threads_;
};

}  // namespace pgrepl::discover
