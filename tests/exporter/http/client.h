// A client on a plain socket that can also misbehave: send half a request, or nothing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>

#include "exporter/base/unique_fd.h"

namespace pgrepl::http {

class Client {
 public:
  explicit Client(int port, bool v6 = false) {
    fd_.Reset(socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto network_port = htons(static_cast<in_port_t>(port));
    if (v6) {
      Connect(sockaddr_in6{.sin6_family = AF_INET6,
                           .sin6_port = network_port,
                           .sin6_flowinfo = 0,
                           .sin6_addr = in6addr_loopback,
                           .sin6_scope_id = 0});
    } else {
      Connect(sockaddr_in{.sin_family = AF_INET,
                          .sin_port = network_port,
                          .sin_addr = {htonl(INADDR_LOOPBACK)},
                          .sin_zero = {}});
    }
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// False when the server has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  /// What comes until the server closes, or `patience` is over.
  std::string Receive(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string received;
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      pollfd readable{.fd = fd_.get(), .events = POLLIN, .revents = 0};
      if (left.count() <= 0) break;
      const int ready = poll(&readable, 1, static_cast<int>(left.count()));
      if (ready < 0 && errno == EINTR) continue;  // libFuzzer has a timer
      if (ready <= 0) break;
      char bytes[65536];
      const ssize_t got = recv(fd_.get(), bytes, sizeof(bytes), 0);
      closed_ = got <= 0;
      if (closed_) break;
      received.append(bytes, static_cast<size_t>(got));
    }
    return received;
  }

  /// Whether Receive has seen the end.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  template <typename Address>
  void Connect(const Address& address) {
    connected_ =
        connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  UniqueFd fd_;
  bool connected_ = false;
  bool closed_ = false;
};

inline std::string Ask(int port, std::string_view request) {
  Client client(port);
  client.Send(request);
  return client.Receive();
}

inline std::string Get(int port, const std::string& path, const std::string& headers = "") {
  return Ask(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
}

}  // namespace pgrepl::http
