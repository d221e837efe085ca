// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/discoverer.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "exporter/base/mutex.h"

namespace pgrepl::discover {

// Outlives the Discoverer for as long as one of its threads does.
struct Discoverer::Shared {
  struct Task {
    config::Discovery discovery;
    Time due{};
    bool looking = false;
    bool looked = false;
  };

  Shared(Report report_to, Look look_by) : report(std::move(report_to)), look(std::move(look_by)) {}

  const Report report;
  const Look look;

  Mutex mutex;
  ConditionVariable wake;
  std::map<std::string, Task> tasks PGREPL_GUARDED_BY(mutex);
  bool stopping PGREPL_GUARDED_BY(mutex) = false;

  // One at a time, and none once the Discoverer is gone.
  Mutex reporting;
  bool silent PGREPL_GUARDED_BY(reporting) = false;

  [[nodiscard]] bool AllLooked() const PGREPL_REQUIRES(mutex) {
    for (const auto& task : tasks) {
      if (!task.second.looked) return false;
    }
    return true;
  }

  // The one that is due first, of those that nobody looks for.
  std::pair<const std::string, Task>* Next() PGREPL_REQUIRES(mutex) {
    std::pair<const std::string, Task>* next = nullptr;
    for (auto& task : tasks) {
      if (task.second.looking) continue;
      if (next == nullptr || task.second.due < next->second.due) next = &task;
    }
    return next;
  }

  std::optional<std::pair<std::string, config::Discovery>> Take() {
    MutexLock lock(mutex);
    while (!stopping) {
      auto* next = Next();
      if (next != nullptr && next->second.due <= Now()) {
        next->second.looking = true;
        return std::pair(next->first, next->second.discovery);
      }
      const Duration wait = next != nullptr ? next->second.due - Now() : std::chrono::hours(1);
      wake.wait_for(mutex, wait);
    }
    return std::nullopt;
  }

  void Tell(const std::string& cluster, const config::Discovery& discovery,
            const Result<Members>& members) {
    if (!IsWanted(cluster, discovery)) return;
    MutexLock lock(reporting);
    if (!silent) report(cluster, members);
  }

  // It may have been configured otherwise meanwhile.
  bool IsWanted(const std::string& cluster, const config::Discovery& discovery) {
    MutexLock lock(mutex);
    const auto found = tasks.find(cluster);
    return found != tasks.end() && found->second.discovery.LooksAs(discovery);
  }

  void Done(const std::string& cluster, const config::Discovery& discovery) {
    MutexLock lock(mutex);
    const auto found = tasks.find(cluster);
    if (found == tasks.end()) return;
    Task& task = found->second;
    task.looking = false;
    if (task.discovery.LooksAs(discovery)) {
      task.looked = true;
      task.due = Now() + discovery.interval;
    }
    wake.notify_all();
  }

  void Run() {
    while (const auto task = Take()) {
      const Result<Members> members = look(task->second);
      Tell(task->first, task->second, members);
      Done(task->first, task->second);
    }
  }
};

Discoverer::Discoverer(int threads, Report report, Look look)
    : shared_(std::make_shared<Shared>(std::move(report), std::move(look))) {
  for (int i = 0; i < threads; ++i) {
    if (threads_.Start([shared = shared_] { shared->Run(); })) continue;
    throw std::system_error(EAGAIN, std::generic_category(), "a thread that looks up members");
  }
}

Discoverer::~Discoverer() { Stop(); }

void Discoverer::Configure(const std::map<std::string, config::Discovery>& clusters) {
  MutexLock lock(shared_->mutex);
  std::map<std::string, Shared::Task> before = std::exchange(shared_->tasks, {});
  for (const auto& [name, discovery] : clusters) {
    const auto found = before.find(name);
    const bool same = found != before.end() && found->second.discovery.LooksAs(discovery);
    Shared::Task task = same ? found->second : Shared::Task{.discovery = discovery};
    // Two at once would tell in any order.
    if (found != before.end()) task.looking = found->second.looking;
    shared_->tasks[name] = std::move(task);
  }
  shared_->wake.notify_all();
}

void Discoverer::AwaitFirst(Duration longest) {
  const Time deadline = Now() + longest;
  MutexLock lock(shared_->mutex);
  while (!shared_->AllLooked() && Now() < deadline)
    shared_->wake.wait_for(shared_->mutex, deadline - Now());
}

bool Discoverer::Stop() {
  {
    MutexLock lock(shared_->reporting);
    shared_->silent = true;
  }
  {
    MutexLock lock(shared_->mutex);
    shared_->stopping = true;
    shared_->wake.notify_all();
  }
  return threads_.Join();
}

}  // namespace pgrepl::discover
