// One thread, one poll loop, all servers: it sends the pulses of each cluster together, the
// primary's first, and hands every finished round to `publish`. It owns every connection; connector
// threads, directory readers and new configurations come by its mailbox. No statement waits for
// another server's. What a turn costs grows with what is due or has answered, not with the fleet.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "exporter/base/mutex.h"
#include "exporter/base/unique_fd.h"
#include "exporter/collect/connector.h"
#include "exporter/collect/directory_reader.h"
#include "exporter/collect/poller.h"
#include "exporter/collect/server_session.h"
#include "exporter/collect/timetable.h"

namespace pgrepl {

class Scheduler {
 public:
  /// Called with a server's name on the scheduler thread; must not block.
  using Publish = std::function<void(const std::string&, ServerSnapshotPtr)>;
  /// Called for each connection that was opened, on the scheduler thread.
  using CountConnection = std::function<void()>;
  /// Called with what passed from when a pulse was due to its last answer, or until it was given up, on
  /// the scheduler thread.
  using CountPulse = std::function<void(Duration)>;

  struct Cluster {
    std::string name;
    std::vector<SessionOptions> servers;
    Publish publish;
  };
  struct Options {
    Duration pulse_interval{};
    std::vector<Cluster> clusters;
  };

  explicit Scheduler(CountConnection count_connection, CountPulse count_pulse = {});
  /// As Stop.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void Start();

  /// Watches these from now on. What is known of servers that are there by cluster and name stays, and
  /// so do their connections, as far as they can. Thread-safe, also before Start.
  void Configure(Options options);

  /// The thread turned within the last half minute. Thread-safe.
  [[nodiscard]] bool Alive() const;

  /// Ends the thread; nothing is published any more. False when a connector or directory thread
  /// hangs in the system and can't be ended.
  bool Stop();

 private:
  using SessionId = std::uint64_t;  ///< never used twice: a letter may come late

  struct Connected {
    SessionId id;
    Result<Connection> connection;
  };
  struct LookedAt {
    SessionId id;
    CollectorId collector;
    Result<FactPtr> fact;
  };
  using Letter = std::variant<Connected, LookedAt, Options>;

  struct Watched {
    SessionId id;
    SessionOptions options;
    std::unique_ptr<ServerSession> session;
    std::vector<std::unique_ptr<DirectoryReader::Watching>> directories;
    // As the poller and the timetable have it.
    int socket = -1;
    bool for_writing = false;
    Time due = Timetable::kNever;
    std::optional<Time> pulse_due = {};  ///< of the pulse that is out
  };
  struct ClusterPulse {
    std::string name;
    Time next{};
    std::vector<Watched> servers;
  };

  [[nodiscard]] Watched Watch(SessionOptions options, const Publish& publish);
  void WatchDirectories(Watched& watched);
  void Reconfigure(Watched& watched, SessionOptions options);
  void Run();
  void Wake() const;
  void Post(Letter letter);
  void ReadMailbox();
  void Deliver(Connected letter);
  void Deliver(const LookedAt& letter);
  void Deliver(Options options);
  void FollowClusters();
  void SendDuePulses();
  void SendPulses(ClusterPulse& cluster, Time due);
  void ServeTimes();
  void WaitForEvents();
  void Follow(Watched& watched, Time now);
  void FollowSocket(Watched& watched);
  [[nodiscard]] Watched* Find(SessionId id) const;

  const CountConnection count_connection_;
  const CountPulse count_pulse_;
  UniqueFd wake_;
  std::atomic<Time> turned_at_;

  // Scheduler thread only.
  Duration pulse_interval_{};
  std::vector<ClusterPulse> clusters_;
  std::unordered_map<SessionId, Watched*> sessions_;
  SessionId last_id_ = 0;
  Poller poller_;
  Timetable pulses_;  ///< by place in clusters_
  Timetable times_;   ///< by SessionId

  Mutex mutex_;
  std::vector<Letter> mailbox_ PGREPL_GUARDED_BY(mutex_);
  bool stopping_ PGREPL_GUARDED_BY(mutex_) = false;

  // Last, so that they end first: they post to the mailbox.
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<DirectoryReader> directories_;
  std::thread thread_;
};

}  // namespace pgrepl
