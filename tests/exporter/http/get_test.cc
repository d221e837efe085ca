// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/get.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/http/server.h"

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

/// Listens on loopback; says the same bytes to everyone, slowly if asked to, whatever it is sent.
class Talker {
 public:
  Talker(std::string bytes, bool closes, Duration between = {})
      : bytes_(std::move(bytes)), closes_(closes), between_(between) {
    listener_.Reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof(address);
    const int bound = bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size);
    EXPECT_EQ(bound, 0);
    EXPECT_EQ(listen(listener_.get(), 8), 0);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~Talker() {
    ended_ = true;
    thread_.join();
  }
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  void Serve() {
    pollfd ready{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    while (!ended_ && poll(&ready, 1, 10) <= 0) continue;
    if (ended_) return;
    const UniqueFd client(accept(listener_.get(), nullptr, nullptr));
    char request[4096];
    static_cast<void>(recv(client.get(), request, sizeof(request), 0));
    for (std::size_t i = 0; i < bytes_.size() && !ended_;) {
      const std::size_t size = between_ == Duration{} ? bytes_.size() : 1;
      send(client.get(), bytes_.data() + i, size, MSG_NOSIGNAL);
      i += size;
      std::this_thread::sleep_for(between_);
    }
    while (!closes_ && !ended_) std::this_thread::sleep_for(5ms);
  }

  const std::string bytes_;
  const bool closes_;
  const Duration between_;
  UniqueFd listener_;
  std::string url_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

std::string ErrorOf(const std::string& url, Duration patience = 5s) {
  const Result<Answer> answer = Get(url, "/topology", {}, patience);
  return answer ? "" : answer.error().message;
}

TEST(GetTest, AsksARealServerOverIpv4AndIpv6) {
  const auto server = *Server::Start(
      {.listen_addresses = {"127.0.0.1:0", "[::1]:0"}, .threads = 2},
      {{.path = "/echo",
        .handler = [](const Request& request) { return Response{.body = request.query}; }},
       {.path = "/big", .handler = [](const Request&) {
          return Response{.content_type = "application/json", .body = std::string(3000000, 'x')};
        }}});
  const std::string v4 = "http://127.0.0.1:" + std::to_string(server->ports().at(0));
  const std::string v6 = "http://[::1]:" + std::to_string(server->ports().at(1));
  for (const std::string& url : {v4, v6, "http://localhost:" + v4.substr(v4.rfind(':') + 1)}) {
    const Result<Answer> answer = Get(url, "/echo", {{"server", "s 1"}, {"cluster", ""}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->content_type, "text/plain");
    EXPECT_EQ(answer->body, "server=s%201");
  }
  EXPECT_EQ(Get(v4, "/big", {})->body.size(), 3000000U);
  EXPECT_EQ(Get(v4, "/big", {})->content_type, "application/json");
  EXPECT_EQ(Get(v4, "/nowhere", {})->status, 404);
}

TEST(GetTest, NobodyListens) {
  std::string url;
  { url = Talker("", true).url(); }
  EXPECT_EQ(ErrorOf(url), url + ": cannot connect: Connection refused");
  EXPECT_THAT(ErrorOf("http://nowhere.invalid"),
              HasSubstr("http://nowhere.invalid: cannot resolve 'nowhere.invalid': "));
  EXPECT_THAT(ErrorOf("nowhere"), HasSubstr("does not begin with http://"));
}

TEST(GetTest, SilenceAndDribbleEndAtTheDeadline) {
  for (const bool dribbles : {false, true}) {
    const Talker talker(dribbles ? "HTTP/1.1 200 OK\r\nX: " + std::string(1000, 'x') : "", false,
                        dribbles ? Duration(20ms) : Duration{});
    const Time begin = Now();
    EXPECT_EQ(ErrorOf(talker.url(), 300ms), talker.url() + ": no whole answer within its deadline");
    EXPECT_LT(Now() - begin, 3s);
  }
}

TEST(GetTest, WhatIsNoHttpOrIsCutOff) {
  for (const std::string bytes :
       {"", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"}) {
    const Talker talker(bytes, true);
    EXPECT_THAT(ErrorOf(talker.url()), EndsWith("is not HTTP, or was cut off")) << bytes;
  }
}

}  // namespace
}  // namespace pgrepl::http
