// A scheduler on the servers of tests/live/with_postgres.py, and what it publishes of them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "exporter/collect/scheduler.h"
#include "tests/support/live_postgres.h"

namespace pgrepl {

using namespace std::chrono_literals;

// What a scheduler has published of one cluster, the last of each server.
class Published {
 public:
  Scheduler::Publish Collect() {
    return [this](const std::string& server, ServerSnapshotPtr snapshot) {
      MutexLock lock(mutex_);
      last_[server] = std::move(snapshot);
      ++count_;
      came_.notify_all();
    };
  }

  // The first snapshot of that server from now on of which `condition` is true, nullptr when none
  // comes.
  ServerSnapshotPtr WaitFor(std::size_t server,
                            const std::function<bool(const ServerSnapshot&)>& condition) {
    MutexLock lock(mutex_);
    const Time begin = Now();
    while (true) {
      const auto found = last_.find(std::to_string(server));
      const bool fresh = found != last_.end() && found->second->at >= begin;
      if (fresh && condition(*found->second)) return found->second;
      if (Now() >= begin + 10s) return nullptr;
      came_.wait_for(mutex_, 100ms);
    }
  }

  int count() {
    MutexLock lock(mutex_);
    return count_;
  }

 private:
  Mutex mutex_;
  ConditionVariable came_;
  std::map<std::string, ServerSnapshotPtr> last_ PGREPL_GUARDED_BY(mutex_);
  int count_ PGREPL_GUARDED_BY(mutex_) = 0;
};

inline bool IsUp(const ServerSnapshot& snapshot) { return snapshot.up; }

inline bool Succeeded(const ServerSnapshot& snapshot, CollectorId id) {
  return snapshot.Of(id).run.success;
}

class SchedulerTest : public LivePostgresTest {
 protected:
  void SetUp() override {
    LivePostgresTest::SetUp();
    if (IsSkipped()) return;
    // A session that was closed a moment ago may still be ending.
    ASSERT_TRUE(admin_.WaitFor(kSessions, "0"));
  }

  static SessionOptions OptionsOf(const std::string& conninfo) {
    return SessionOptions{.cluster = "main",
                          .name = "server",
                          .login = LoginBy(conninfo),
                          .archive_directory = "",
                          .collectors = {},
                          .pulse_interval = 50ms,
                          .pulse_deadline = 500ms,
                          .interval = 200ms,
                          .slow_interval = 200ms,
                          .connection_lifetime = 1h};
  }

  void Watch(std::vector<SessionOptions> servers) {
    scheduler_.emplace([this] { ++connections_; });
    Configure(std::move(servers));
    scheduler_->Start();
  }

  // Servers are known by their place.
  void Configure(std::vector<SessionOptions> servers) {
    for (std::size_t i = 0; i < servers.size(); ++i) servers[i].name = std::to_string(i);
    scheduler_->Configure(
        {.pulse_interval = 50ms, .clusters = {{"main", std::move(servers), published_.Collect()}}});
  }

  static constexpr const char* kSessions =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_replication_exporter'";

  void GrantFiles() {
    admin_.Execute(
        "GRANT pg_read_server_files TO pgrepl_monitor;"
        "GRANT EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) TO pgrepl_monitor");
  }
  void RevokeFiles() {
    admin_.Execute(
        "REVOKE pg_read_server_files FROM pgrepl_monitor;"
        "REVOKE EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) "
        "FROM pgrepl_monitor");
  }

  // The process of the scheduler's session at the primary.
  pid_t SessionPid() {
    const std::string pid = admin_.Value(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'pg_replication_exporter'");
    return pid.empty() ? -1 : std::stoi(pid);
  }

  static constexpr const char* kRollbacks =
      "SELECT xact_rollback FROM pg_stat_database WHERE datname = 'postgres'";

  // What the scheduler's sessions rolled back is counted when they have ended.
  std::string EndAndCountRollbacks() {
    scheduler_.reset();
    EXPECT_TRUE(admin_.WaitFor(kSessions, "0"));
    std::this_thread::sleep_for(1500ms);
    return admin_.Value(kRollbacks);
  }

  Admin admin_;
  Published published_;
  std::atomic<int> connections_ = 0;
  std::optional<Scheduler> scheduler_;  ///< last, since it publishes to the others
};

}  // namespace pgrepl
