// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/guard.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/base/unique_fd.h"
#include "exporter/http/listen_address.h"

namespace pgrepl::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kIdlePause = milliseconds(250);
constexpr Duration kPause = milliseconds(100);
constexpr Duration kBusyPause = milliseconds(25);
constexpr Duration kWarnAgain = std::chrono::minutes(1);

int LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  const bool is_socket = getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  return is_socket ? PortOf(address) : 0;
}

bool IsOneOf(const std::vector<int>& ports, int port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

bool IsListener(int fd) {
  int listens = 0;
  socklen_t length = sizeof(listens);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0;
}

// The client at the other end of `fd`, or nothing if it isn't a connection to one of `ports`.
std::string PeerOf(int fd, const std::vector<int>& ports) {
  if (!IsOneOf(ports, LocalPort(fd))) return {};
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  char host[NI_MAXHOST] = "";
  if (getpeername(fd, generic, &length) != 0 ||
      getnameinfo(generic, length, host, sizeof(host), nullptr, 0, NI_NUMERICHOST) != 0) {
    return {};
  }
  return Guard::Peer(host, PortOf(address));
}

bool HasBytes(int fd, unsigned long queue) {
  int bytes = 0;
  return ioctl(fd, queue, &bytes) == 0 && bytes > 0;
}

Awaiting WhomItAwaits(int fd, bool answering) {
  if (answering) return HasBytes(fd, SIOCOUTQ) ? Awaiting::kReader : Awaiting::kUs;
  return HasBytes(fd, FIONREAD) ? Awaiting::kUs : Awaiting::kRequest;
}

Duration PauseAfter(size_t connections, size_t workers) {
  if (connections == 0) return kIdlePause;
  return connections > workers / 2 ? kBusyPause : kPause;
}

}  // namespace

Duration Patience(Awaiting awaiting, bool crowded) {
  switch (awaiting) {
    case Awaiting::kRequest:
      // civetweb gives up after 4 s (server.cc) with an answer, which is kinder.
      return crowded ? Duration(milliseconds(100)) : Duration(seconds(5));
    case Awaiting::kReader:
      return crowded ? seconds(1) : seconds(10);
    case Awaiting::kUs:
      break;
  }
  return Duration::max();
}

Guard::~Guard() { Stop(); }

void Guard::Watch(std::vector<int> ports, size_t workers, bool told_of_all) {
  ports_ = std::move(ports);
  workers_ = workers;
  told_of_all_ = told_of_all;
  descriptors_.reset(opendir("/proc/self/fd"));
  if (!descriptors_) {
    log::Warn("cannot read /proc/self/fd: idle HTTP clients may delay scrapes");
    return;
  }
  spare_.Reset(fcntl(dirfd(descriptors_.get()), F_DUPFD_CLOEXEC, 0));
  thread_ = std::thread([this] { Run(); });
}

void Guard::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  for (const Connection& connection : Open()) Shut(connection);
  ShutListeners();
}

// civetweb closes them when its threads have ended.
void Guard::ShutListeners() {
  rewinddir(descriptors_.get());
  while (const dirent* entry = readdir(descriptors_.get())) {
    const int fd = std::atoi(entry->d_name);
    if (IsOneOf(ports_, LocalPort(fd)) && IsListener(fd)) shutdown(fd, SHUT_RDWR);
  }
}

void Guard::CloseForgotten() {
  if (!descriptors_) return;
  for (const Connection& connection : Open()) close(connection.fd);
}

Guard::Answering::Answering(Guard& guard, std::string peer)
    : guard_(guard), peer_(std::move(peer)) {
  const MutexLock lock(guard_.mutex_);
  guard_.answering_.insert(peer_);
}

Guard::Answering::~Answering() {
  const MutexLock lock(guard_.mutex_);
  guard_.answering_.erase(peer_);
}

std::string Guard::Peer(const std::string& address, int port) {
  return address + " " + std::to_string(port);
}

void Guard::Run() {
  size_t connections = 0;
  while (!StopAfter(connections)) {
    const std::vector<Connection> open = Open();
    connections = open.size();
    Patrol(open, Now());
  }
}

// To look four times a second whether anybody is there is half of what an idle exporter takes.
bool Guard::StopAfter(size_t connections) {
  const MutexLock lock(mutex_);
  if (connections == 0 && told_of_all_) {
    asleep_ = true;
    while (!stopping_ && !arrived_) wake_.wait(mutex_);
    asleep_ = false;
  } else if (!stopping_) {
    wake_.wait_for(mutex_, PauseAfter(connections, workers_));
  }
  arrived_ = false;
  return stopping_;
}

void Guard::Arrived() {
  const MutexLock lock(mutex_);
  arrived_ = true;
  if (asleep_) wake_.notify_all();
}

std::vector<Guard::Connection> Guard::Open() {
  std::vector<Connection> open;
  rewinddir(descriptors_.get());
  while (const dirent* entry = readdir(descriptors_.get())) {
    const int fd = std::atoi(entry->d_name);  // "." and ".." become 0, which is no connection
    std::string peer = PeerOf(fd, ports_);
    if (!peer.empty()) open.push_back({.fd = fd, .peer = std::move(peer)});
  }
  const MutexLock lock(mutex_);
  for (Connection& connection : open) {
    connection.awaiting =
        WhomItAwaits(connection.fd, answering_.find(connection.peer) != answering_.end());
  }
  return open;
}

// By now the number may mean another file, even a connection to PostgreSQL; a duplicate can't change its
// meaning between the check and the shutdown. It is the spare, as these connections may have taken all
// other numbers.
void Guard::Shut(const Connection& connection) const {
  if (!MakeSpare(connection.fd)) return;
  if (PeerOf(spare_.get(), ports_) == connection.peer) shutdown(spare_.get(), SHUT_RDWR);
  [[maybe_unused]] const bool given_back = MakeSpare(dirfd(descriptors_.get()));
}

// dup3, past ThreadSanitizer: that a worker closes `fd` meanwhile is no race here, and ends its report.
bool Guard::MakeSpare(int fd) const { return syscall(SYS_dup3, fd, spare_.get(), O_CLOEXEC) >= 0; }

void Guard::Patrol(const std::vector<Connection>& open, Time now) {
  const bool crowded = open.size() > workers_;
  std::map<std::string, Wait> waits;
  size_t shut = 0;
  for (const Connection& connection : open) {
    Wait wait{.awaiting = connection.awaiting, .since = now};
    const auto before = waits_.find(connection.peer);
    if (before != waits_.end() && before->second.awaiting == wait.awaiting) wait = before->second;
    if (now - wait.since > Patience(wait.awaiting, crowded)) {
      Shut(connection);
      ++shut;
    }
    waits.emplace(connection.peer, wait);
  }
  waits_ = std::move(waits);
  if (crowded && shut > 0 && now - warned_ > kWarnAgain) {
    log::Warn(
        "idle HTTP clients keep others waiting and are disconnected",
        {{"connections", std::to_string(open.size())}, {"disconnected", std::to_string(shut)}});
    warned_ = now;
  }
}

}  // namespace pgrepl::http
