// Clients that hold connections without asking for anything, against a real server.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/guard.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/http/server.h"
#include "tests/exporter/http/client.h"

namespace pgrepl::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;
using testing::IsEmpty;

std::unique_ptr<Server> StartServer(int threads) {
  return *Server::Start(
      {.listen_addresses = {"127.0.0.1:0"}, .threads = threads},
      {{.path = "/metrics", .handler = [](const Request&) { return Response{.body = "page"}; }},
       {.path = "/big",
        .handler = [](const Request&) { return Response{.body = std::string(16 << 20, '.')}; }}});
}

// On an idle machine, 0.3 s among idle clients and 1.1 s among those that don't read; on a busy one
// more. Without the guard, civetweb's own timeouts make it 4 s at least.
constexpr Duration kWithGuard = milliseconds(3500);

using Clients = std::vector<std::unique_ptr<Client>>;

Clients Connect(int port, int count, std::string_view sends = "") {
  Clients clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<Client>(port));
    clients.back()->Send(sends);
  }
  return clients;
}

// How long an ordinary request takes, which must succeed.
Duration TimeOfAnswer(int port) {
  const Time begin = Now();
  EXPECT_THAT(Get(port, "/metrics"), EndsWith("page"));
  return Now() - begin;
}

TEST(GuardTest, IsPatientUnlessConnectionsQueue) {
  EXPECT_EQ(Patience(Awaiting::kRequest, false), seconds(5));
  EXPECT_EQ(Patience(Awaiting::kRequest, true), milliseconds(100));
  EXPECT_EQ(Patience(Awaiting::kReader, false), seconds(10));
  EXPECT_EQ(Patience(Awaiting::kReader, true), seconds(1));
  EXPECT_EQ(Patience(Awaiting::kUs, false), Duration::max());
  EXPECT_EQ(Patience(Awaiting::kUs, true), Duration::max());
}

TEST(GuardTest, LetsARequestThroughAmongIdleAndDribblingClients) {
  const auto server = StartServer(50);
  const int port = server->ports().at(0);
  const Clients idle = Connect(port, 300);
  const Clients dribbling = Connect(port, 30, "GET /metrics HTTP/1.1\r\n");
  std::atomic<bool> done = false;
  std::thread dribbler([&] {
    while (!done) {
      for (const auto& client : dribbling) client->Send("x");
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  EXPECT_LT(TimeOfAnswer(port), kWithGuard);
  EXPECT_LT(TimeOfAnswer(port), kWithGuard);
  done = true;
  dribbler.join();
}

TEST(GuardTest, LetsARequestThroughAmongClientsThatDoNotRead) {
  const auto server = StartServer(4);
  const int port = server->ports().at(0);
  const Clients greedy = Connect(port, 4, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_LT(TimeOfAnswer(port), kWithGuard);
}

TEST(GuardTest, LeavesIdleClientsAloneWhileWorkersAreFree) {
  const auto server = StartServer(50);
  const int port = server->ports().at(0);
  Client early(port);
  TimeOfAnswer(port);
  std::this_thread::sleep_for(seconds(1));
  early.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(early.Receive(), EndsWith("page"));
}

TEST(GuardTest, TouchesNoOtherSockets) {
  const auto server = StartServer(2);
  const auto other = StartServer(50);
  Client stranger(other->ports().at(0));  // what a connection to PostgreSQL would be
  const Clients idle = Connect(server->ports().at(0), 20);
  TimeOfAnswer(server->ports().at(0));
  stranger.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(stranger.Receive(), EndsWith("page"));
}

// They have them all, and none is left to shut them by.
TEST(GuardTest, NeedsNoDescriptorToShutClients) {
  const auto server = StartServer(2);
  const int port = server->ports().at(0);
  const Clients idle = Connect(port, 20);
  std::this_thread::sleep_for(milliseconds(30));  // all are accepted, and none is shut yet
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{.rlim_cur = 200, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  std::vector<UniqueFd> others;
  do {
    others.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  } while (others.back().valid());
  // Before civetweb gives up by itself. Some may not have been accepted in time.
  const Time deadline = Now() + seconds(3);
  std::size_t closed = 0;
  for (const auto& client : idle) {
    client->Receive(std::chrono::duration_cast<milliseconds>(deadline - Now()));
    closed += client->closed() ? 1 : 0;
  }
  // UBSan wants one to say what it sees.
  others.clear();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GT(closed, idle.size() / 2);
}

TEST(GuardTest, DropsAnUnfinishedRequestInTheEnd) {
  const auto server = StartServer(50);
  Client idle(server->ports().at(0));
  EXPECT_THAT(idle.Receive(seconds(7)), IsEmpty());
  EXPECT_TRUE(idle.closed());
}

TEST(GuardTest, LetsTheServerStopAmongIdleClients) {
  auto server = StartServer(4);
  const Clients idle = Connect(server->ports().at(0), 100);
  const Clients half = Connect(server->ports().at(0), 100, "GET /metrics HT");
  const Time begin = Now();
  server.reset();
  EXPECT_LT(Now() - begin, seconds(2));
  for (const Clients* clients : {&idle, &half}) {
    for (const auto& client : *clients) {
      client->Receive(seconds(1));
      ASSERT_TRUE(client->closed());
    }
  }
}

}  // namespace
}  // namespace pgrepl::http
