// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/scheduler.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "exporter/collect/first_pulse.h"

namespace pgrepl {
namespace {

// An attempt at a host that is gone takes a pulse's deadline. So that many of them hold up nobody for
// long, and still not all of a fleet is logged in to at once.
int ConnectorThreads(std::size_t servers) {
  return static_cast<int>(std::clamp<std::size_t>(servers / 16, 4, 64));
}

bool LooksAtTheSame(const SessionOptions& a, const SessionOptions& b) {
  const auto is_on = [](const SessionOptions& options, CollectorId id) {
    return options.collectors.IsOn(static_cast<std::size_t>(id));
  };
  for (const CollectorId id : {CollectorId::kArchiveDirectory, CollectorId::kWalFilesystem}) {
    if (is_on(a, id) != is_on(b, id)) return false;
  }
  return a.archive_directory == b.archive_directory && a.wal_directory == b.wal_directory &&
         a.interval == b.interval && a.slow_interval == b.slow_interval;
}

// A session's tokens are their ids, which begin at 1.
constexpr Poller::Token kWakeToken = 0;

// It turns, so that Alive() sees it, however little there is to do.
constexpr Duration kLongestWait = std::chrono::seconds(5);

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

Scheduler::Scheduler(CountConnection count_connection, CountPulse count_pulse)
    : count_connection_(std::move(count_connection)),
      count_pulse_(std::move(count_pulse)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      turned_at_(Now()),
      connector_(std::make_unique<Connector>(ConnectorThreads(0))),
      directories_(std::make_unique<DirectoryReader>()) {
  poller_.Add(wake_.get(), /*for_writing=*/false, kWakeToken);
}

void Scheduler::Configure(Options options) { Post(std::move(options)); }

void Scheduler::Deliver(Options options) {
  pulse_interval_ = options.pulse_interval;
  std::vector<ClusterPulse> before = std::exchange(clusters_, {});
  std::size_t servers = 0;
  for (const Cluster& cluster : options.clusters) servers += cluster.servers.size();
  for (Cluster& cluster : options.clusters) {
    const auto same = std::find_if(before.begin(), before.end(),
                                   [&](const auto& one) { return one.name == cluster.name; });
    ClusterPulse pulse{.name = cluster.name,
                       .next = FirstPulse(Now(), pulse_interval_, clusters_.size(), servers),
                       .servers = {}};
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
  FollowClusters();
  connector_->Grow(ConnectorThreads(sessions_.size()));
}

void Scheduler::FollowClusters() {
  sessions_.clear();
  pulses_.Clear();
  times_.Clear();
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    pulses_.Move(i, Timetable::kNever, clusters_[i].next);
    for (Watched& server : clusters_[i].servers) {
      sessions_[server.id] = &server;
      server.due = Timetable::kNever;
      Follow(server, Now());
    }
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
  const bool same_directories = LooksAtTheSame(options, watched.options);
  watched.session->Reconfigure(options, Now());
  watched.options = std::move(options);
  // Where one hangs, its thread is stuck for as long.
  if (!same_directories) WatchDirectories(watched);
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
    SendDuePulses();
    ServeTimes();
    WaitForEvents();
  }
}

void Scheduler::SendDuePulses() {
  const Time now = Now();
  while (pulses_.Next() <= now) {
    const Timetable::Id place = pulses_.First();
    ClusterPulse& cluster = clusters_[place];
    const Time due = cluster.next;
    // After a stall (a suspended machine) the missed pulses are skipped, not caught up.
    cluster.next += pulse_interval_ * ((now - due) / pulse_interval_ + 1);
    pulses_.Move(place, due, cluster.next);
    SendPulses(cluster, due);
  }
}

void Scheduler::SendPulses(ClusterPulse& cluster, Time due) {
  for (const bool primaries : {true, false}) {
    for (Watched& server : cluster.servers) {
      ServerSession& session = *server.session;
      if (session.is_primary() != primaries) continue;
      const bool was_out = session.is_pulsing();
      session.Pulse(Now());
      if (!was_out && session.is_pulsing()) server.pulse_due = due;
      Follow(server, Now());
    }
  }
}

void Scheduler::ServeTimes() {
  const Time now = Now();
  while (times_.Next() <= now) {
    Watched& server = *sessions_.at(times_.First());
    server.session->OnTime(now);
    Follow(server, now);
  }
}

void Scheduler::WaitForEvents() {
  const Time next = std::min(pulses_.Next(), times_.Next());
  const Time now = Now();
  const Duration wait = next < now + kLongestWait ? next - now : kLongestWait;
  for (const Poller::Token token : poller_.Wait(wait)) {
    if (token == kWakeToken) {
      ReadMailbox();
    } else if (Watched* server = Find(token)) {
      server->session->OnReady(Now());
      Follow(*server, Now());
    }
  }
}

// After each call of a session: what to wait for may have changed.
void Scheduler::Follow(Watched& watched, Time now) {
  const ServerSession& session = *watched.session;
  FollowSocket(watched);
  times_.Move(watched.id, std::exchange(watched.due, session.due()), session.due());
  if (!watched.pulse_due || session.is_pulsing()) return;
  if (count_pulse_) count_pulse_(now - *watched.pulse_due);
  watched.pulse_due.reset();
}

void Scheduler::FollowSocket(Watched& watched) {
  const int socket = watched.session->fd();
  const bool for_writing = watched.session->wants_write();
  const int before = std::exchange(watched.socket, socket);
  const bool was_for_writing = std::exchange(watched.for_writing, for_writing);
  if (socket < 0) return;
  if (socket != before) {
    poller_.Add(socket, for_writing, watched.id);
  } else if (for_writing != was_for_writing) {
    poller_.Change(socket, for_writing, watched.id);
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
  if (Watched* server = Find(letter.id)) {
    server->session->OnConnected(std::move(letter.connection), Now());
    Follow(*server, Now());
  }
}

void Scheduler::Deliver(const LookedAt& letter) {
  if (Watched* server = Find(letter.id)) {
    server->session->OnLocalFact(letter.collector, letter.fact, Now());
    Follow(*server, Now());
  }
}

Scheduler::Watched* Scheduler::Find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found != sessions_.end() ? found->second : nullptr;
}

}  // namespace pgrepl
