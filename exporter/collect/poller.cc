// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <limits>

namespace pgrepl {
namespace {

// In between, what has come due goes out.
constexpr std::size_t kMostAtOnce = 64;

void Control(const UniqueFd& epoll, int operation, int socket, bool for_writing,
             Poller::Token token) {
  epoll_event event{.events = EPOLLIN | (for_writing ? EPOLLOUT : 0U), .data = {.u64 = token}};
  epoll_ctl(epoll.get(), operation, socket, &event);
}

}  // namespace

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

void Poller::Add(int socket, bool for_writing, Token token) {
  Control(epoll_, EPOLL_CTL_ADD, socket, for_writing, token);
}

void Poller::Change(int socket, bool for_writing, Token token) {
  Control(epoll_, EPOLL_CTL_MOD, socket, for_writing, token);
}

const std::vector<Poller::Token>& Poller::Wait(Duration longest) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  std::array<epoll_event, kMostAtOnce> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, kMost)));
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    const Token token = events[static_cast<std::size_t>(i)].data.u64;  // its place isn't aligned
    ready_.push_back(token);
  }
  return ready_;
}

}  // namespace pgrepl
