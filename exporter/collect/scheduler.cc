// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/scheduler.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace pgrepl {
namespace {

constexpr int kConnectorThreads = 4;

template <typename Fact>
Result<FactPtr> Shared(Result<Fact> fact) {
  if (!fact) return fact.error();
  return FactPtr(std::make_shared<const Fact>(std::move(*fact)));
}

template <typename Watched>
Watched* FindServer(std::vector<Watched>& servers, const std::string& name) {
  const auto found = std::find_if(servers.begin(), servers.end(),
                                  [&](const auto& one) { return one.options.name == name; });
  return found != servers.end() ? &*found : nullptr;
}

}  // namespace

Scheduler::Scheduler(CountConnection count_connection)
    : count_connection_(std::move(count_connection)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      turned_at_(Now()),
      connector_(std::make_unique<Connector>(kConnectorThreads)),
      directories_(std::make_unique<DirectoryReader>()) {}

void Scheduler::Configure(Options options) { Post(std::move(options)); }

void Scheduler::Deliver(Options options) {
  pulse_interval_ = options.pulse_interval;
  std::vector<ClusterPulse> before = std::exchange(clusters_, {});
  const auto count = static_cast<Duration::rep>(options.clusters.size());
  for (Cluster& cluster : options.clusters) {
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const auto& one) { return one.name == cluster.name; });
    // Clusters are spread over the interval, so that many servers make a stream and no spike.
    const auto place = static_cast<Duration::rep>(clusters_.size());
    ClusterPulse pulse{
        .name = cluster.name, .next = Now() + pulse_interval_ * place / count, .servers = {}};
    if (same != before.end()) pulse.next = std::min(same->next, Now() + pulse_interval_);
    for (SessionOptions& server : cluster.servers) {
      Watched* known = same != before.end() ? FindServer(same->servers, server.name) : nullptr;
      if (known == nullptr) {
        pulse.servers.push_back(Watch(std::move(server), cluster.publish));
        continue;
      }
      Reconfigure(*known, std::move(server));
      pulse.servers.push_back(std::move(*known));
    }
    clusters_.push_back(std::move(pulse));
  }
  sessions_.clear();
  for (const ClusterPulse& cluster : clusters_) {
    for (const Watched& server : cluster.servers) sessions_[server.id] = server.session.get();
  }
}

Scheduler::Watched Scheduler::Watch(SessionOptions options, const Publish& publish) {
  const SessionId id = ++last_id_;
  Watched watched{.id = id, .options = options, .session = {}, .directories = {}};
  watched.session = std::make_unique<ServerSession>(
      std::move(options), static_cast<std::uint32_t>(id),
      [this, id](const Login& login, const SessionLimits& limits, Duration per_host,
                 std::shared_ptr<PendingLogins> pending) {
        connector_->Submit({login, limits, per_host, std::move(pending),
                            [this, id](Result<Connection> connection) {
                              Post(Connected{id, std::move(connection)});
                            }});
      },
      [publish, name = watched.options.name](ServerSnapshotPtr snapshot) {
        publish(name, std::move(snapshot));
      });
  WatchDirectories(watched);
  return watched;
}

// Where they are configured and their collectors are on.
void Scheduler::WatchDirectories(Watched& watched) {
  const SessionOptions& options = watched.options;
  const SessionId id = watched.id;
  watched.directories.clear();
  const auto watch = [&](const std::string& path, CollectorId collector, Duration interval,
                         auto read) {
    if (path.empty() || !options.collectors.IsOn(static_cast<std::size_t>(collector))) return;
    watched.directories.push_back(
        directories_->Watch([path, read] { return Shared(read(path)); }, interval,
                            [this, id, collector](Result<FactPtr> fact) {
                              Post(LookedAt{id, collector, std::move(fact)});
                            }));
  };
  watch(options.archive_directory, CollectorId::kArchiveDirectory, options.slow_interval,
        ReadArchiveDirectory);
  watch(options.wal_directory, CollectorId::kWalFilesystem, options.interval, ReadFilesystem);
}

void Scheduler::Reconfigure(Watched& watched, SessionOptions options) {
  if (options == watched.options) return;
  watched.session->Reconfigure(options, Now());
  watched.options = std::move(options);
  WatchDirectories(watched);
}

Scheduler::~Scheduler() { Stop(); }

bool Scheduler::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
  const bool directories_ended = directories_->Stop();
  return connector_->Stop() && directories_ended;
}

void Scheduler::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Scheduler::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    turned_at_ = Now();
    SendDuePulses(Now());
    ServeTimes();
    WaitForEvents();
    ReadMailbox();
  }
}

void Scheduler::SendDuePulses(Time now) {
  for (ClusterPulse& cluster : clusters_) {
    if (now < cluster.next) continue;
    // After a stall (a suspended machine) the missed pulses are skipped, not caught up.
    cluster.next += pulse_interval_ * ((now - cluster.next) / pulse_interval_ + 1);
    for (const bool primaries : {true, false}) {
      for (const Watched& server : cluster.servers) {
        if (server.session->is_primary() == primaries) server.session->Pulse(Now());
      }
    }
  }
}

void Scheduler::ServeTimes() {
  const Time now = Now();
  for (ClusterPulse& cluster : clusters_) {
    for (const Watched& server : cluster.servers) {
      if (server.session->due() <= now) server.session->OnTime(now);
    }
  }
}

Time Scheduler::NextTime() const {
  Time next = Time::max();
  for (const ClusterPulse& cluster : clusters_) {
    next = std::min(next, cluster.next);
    for (const Watched& server : cluster.servers) next = std::min(next, server.session->due());
  }
  return next;
}

void Scheduler::WaitForEvents() {
  std::vector<pollfd> polled = {{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  std::vector<ServerSession*> sessions = {nullptr};
  for (const ClusterPulse& cluster : clusters_) {
    for (const Watched& server : cluster.servers) {
      ServerSession& session = *server.session;
      if (session.fd() < 0) continue;
      const int events = POLLIN | (session.wants_write() ? POLLOUT : 0);
      polled.push_back({.fd = session.fd(), .events = static_cast<short>(events), .revents = 0});
      sessions.push_back(&session);
    }
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(NextTime() - Now()).count();
  // It turns, so that Alive() sees it, however little there is to do.
  constexpr std::int64_t kLongest = 5'000;
  if (poll(polled.data(), polled.size(),
           static_cast<int>(std::clamp<std::int64_t>(wait, 0, kLongest))) <= 0) {
    return;
  }
  for (std::size_t i = 1; i < polled.size(); ++i) {
    if (polled[i].revents != 0) sessions[i]->OnReady(Now());
  }
}

bool Scheduler::Alive() const { return Now() - turned_at_.load() < std::chrono::seconds(30); }

void Scheduler::Wake() const {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then the thread is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

void Scheduler::Post(Letter letter) {
  {
    MutexLock lock(mutex_);
    mailbox_.push_back(std::move(letter));
  }
  Wake();
}

void Scheduler::ReadMailbox() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t drained = read(wake_.get(), &count, sizeof count);
  std::vector<Letter> letters;
  {
    MutexLock lock(mutex_);
    letters.swap(mailbox_);
  }
  for (Letter& letter : letters) {
    std::visit([this](auto&& content) { Deliver(std::move(content)); }, std::move(letter));
  }
}

void Scheduler::Deliver(Connected letter) {
  if (letter.connection) count_connection_();
  // Without its session the connection ends here.
  if (ServerSession* session = Find(letter.id)) {
    session->OnConnected(std::move(letter.connection), Now());
  }
}

void Scheduler::Deliver(const LookedAt& letter) {
  if (ServerSession* session = Find(letter.id)) {
    session->OnLocalFact(letter.collector, letter.fact, Now());
  }
}

ServerSession* Scheduler::Find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found != sessions_.end() ? found->second : nullptr;
}

}  // namespace pgrepl
