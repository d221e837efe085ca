// Keeps civetweb's workers for clients that want something. Each open connection holds a worker, so
// idle or dribbling ones would stall a scrape; the guard shuts those that keep a worker waiting,
// soon when requests queue for one, late otherwise. Owned by the Server; a thread of its own.
// civetweb gives no socket before a request is parsed, so the guard finds the connections among the
// process' descriptors: those connected, with one of our ports on this side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/mutex.h"
#include "exporter/base/unique_fd.h"

namespace pgrepl::http {

/// Whom an open connection waits for.
enum class Awaiting {
  kUs,       ///< the request is here: it queues for a worker, or is being answered
  kRequest,  ///< the client has sent nothing, or not all of its request
  kReader,   ///< the client has not taken all of its answer
};

/// How long that may go on; `crowded` when there are more connections than workers.
Duration Patience(Awaiting awaiting, bool crowded);

class Guard {
 public:
  Guard() = default;
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Starts the thread. `ports` are the local ports of the listeners. Call once. It sleeps while there is
  /// no connection where all of them are told of, by Arrived(), before they can keep a worker waiting.
  void Watch(std::vector<int> ports, size_t workers, bool told_of_all);

  /// A worker has taken a connection. On workers.
  void Arrived();

  /// Ends the thread and shuts all connections and the listeners, so that civetweb's threads are free to
  /// stop: it would look for that once a second.
  void Stop();

  /// Once the workers are gone: civetweb leaves the connections that still queued for one open.
  void CloseForgotten();

  /// While it lives, the connection from `peer` is being answered. Workers hold one.
  class Answering {
   public:
    Answering(Guard& guard, std::string peer);
    ~Answering();
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;

   private:
    Guard& guard_;
    std::string peer_;
  };

  /// The key of a connection: numeric address and port of the client.
  static std::string Peer(const std::string& address, int port);

 private:
  struct Connection {
    int fd = -1;
    std::string peer;
    Awaiting awaiting = Awaiting::kUs;
  };
  struct Wait {
    Awaiting awaiting = Awaiting::kUs;
    Time since;
  };

  void Run();
  bool StopAfter(size_t connections);
  std::vector<Connection> Open();
  void ShutListeners();
  void Patrol(const std::vector<Connection>& open, Time now);
  void Shut(const Connection& connection) const;
  [[nodiscard]] bool MakeSpare(int fd) const;

  std::vector<int> ports_;
  size_t workers_ = 0;
  bool told_of_all_ = false;
  std::unique_ptr<DIR, int (*)(DIR*)> descriptors_{nullptr, closedir};
  UniqueFd spare_;  ///< a number for what is shut, else a duplicate of descriptors_
  std::map<std::string, Wait> waits_;  // by peer, as the last patrol saw them
  Time warned_;

  Mutex mutex_;
  ConditionVariable wake_;
  bool stopping_ PGREPL_GUARDED_BY(mutex_) = false;
  bool arrived_ PGREPL_GUARDED_BY(mutex_) = true;  ///< perhaps, since the last patrol
  bool asleep_ PGREPL_GUARDED_BY(mutex_) = false;
  std::set<std::string> answering_ PGREPL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace pgrepl::http
