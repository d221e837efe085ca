// SPDX-License-Identifier: Apache-2.0
#include "tests/support/stranger.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace pgrepl {
namespace {

// The longest that a stranger overlooks that it shall stop.
constexpr int kTickMilliseconds = 20;

bool IsReadable(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&polled, 1, kTickMilliseconds) > 0;
}

}  // namespace

Stranger::Stranger(Manner manner, std::string answer)
    : manner_(manner),
      answer_(std::move(answer)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
  getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  if (manner_ == Manner::kRefuses) return;
  listen(listener_.get(), 8);
  thread_ = std::thread([this] { Serve(); });
}

Stranger::~Stranger() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string Stranger::conninfo() const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " sslmode=disable";
}

void Stranger::Serve() {
  while (!stopping_) {
    if (!IsReadable(listener_.get())) continue;
    const UniqueFd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (++clients_ == 1 && manner_ == Manner::kStaresOnce) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    } else if (manner_ != Manner::kHangsUp) {
      Answer(client.get());
    }
  }
}

void Stranger::Answer(int client) const {
  while (!stopping_) {
    if (!IsReadable(client)) continue;
    std::array<char, 1024> words{};
    // Reading to the end keeps the close from being a reset, which would swallow the answer.
    if (read(client, words.data(), words.size()) <= 0) return;
    if (manner_ == Manner::kAnswers || manner_ == Manner::kStaresOnce) {
      send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      shutdown(client, SHUT_WR);
    }
    for (std::size_t i = 0; manner_ == Manner::kDrips && !stopping_; ++i) {
      if (send(client, &answer_[i % answer_.size()], 1, MSG_NOSIGNAL) < 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMilliseconds));
    }
  }
}

std::string Refusal(std::string_view sqlstate, std::string_view message, std::string_view detail) {
  std::string fields = "SFATAL";
  const auto add = [&fields](char kind, std::string_view text) {
    fields += '\0';
    fields += kind;
    fields += text;
  };
  add('V', "FATAL");
  add('C', sqlstate);
  add('M', message);
  if (!detail.empty()) add('D', detail);
  fields.append(2, '\0');
  const auto length = static_cast<unsigned char>(fields.size() + 4);  // itself included
  return std::string("E\0\0\0", 4) + static_cast<char>(length) + fields;
}

}  // namespace pgrepl
