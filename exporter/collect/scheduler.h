// One thread, one poll loop, all servers: it sends the pulses of each cluster together, the
// primary's first, and hands every finished round to `publish`. It owns every connection; connector
// threads and directory readers post to its mailbox. No statement waits for another server's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "exporter/base/mutex.h"
#include "exporter/base/unique_fd.h"
#include "exporter/collect/connector.h"
#include "exporter/collect/directory_reader.h"
#include "exporter/collect/server_session.h"

namespace pgrepl {

class Scheduler {
 public:
  /// Called on the scheduler thread; must not block.
  using Publish = std::function<void(ServerId, ServerSnapshotPtr)>;
  /// Called for each connection that was opened, on the scheduler thread.
  using CountConnection = std::function<void()>;

  struct Options {
    Duration pulse_interval;
    std::vector<std::vector<SessionOptions>> clusters;
  };

  Scheduler(Options options, Publish publish, CountConnection count_connection);
  /// As Stop.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void Start();

  /// Ends the thread; nothing is published any more. False when a connector or directory thread
  /// hangs in the system and can't be ended.
  bool Stop();

 private:
  struct Connected {
    ServerId id;
    Result<Connection> connection;
  };
  struct LookedAt {
    ServerId id;
    CollectorId collector;
    Result<FactPtr> fact;
  };
  using Letter = std::variant<Connected, LookedAt>;

  struct ClusterPulse {
    Time next{};
    std::vector<std::unique_ptr<ServerSession>> sessions;
  };

  std::unique_ptr<ServerSession> MakeSession(ServerId id, SessionOptions options);
  void WatchDirectories(ServerId id, const SessionOptions& options);
  void Run();
  void Wake() const;
  void Post(Letter letter);
  void ReadMailbox();
  void Deliver(Connected letter);
  void Deliver(const LookedAt& letter);
  void SendDuePulses(Time now);
  void ServeTimes();
  void WaitForEvents();
  [[nodiscard]] Time NextTime() const;
  [[nodiscard]] ServerSession& Session(ServerId id);

  const Duration pulse_interval_;
  const Publish publish_;
  const CountConnection count_connection_;
  UniqueFd wake_;
  std::vector<ClusterPulse> clusters_;  ///< scheduler thread only, once started

  Mutex mutex_;
  std::vector<Letter> mailbox_ PGREPL_GUARDED_BY(mutex_);
  bool stopping_ PGREPL_GUARDED_BY(mutex_) = false;

  // Last, so that they end first: they post to the mailbox.
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<DirectoryReader> directories_;
  std::thread thread_;
};

}  // namespace pgrepl
