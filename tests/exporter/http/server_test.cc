// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/exporter/http/client.h"
#include "tests/exporter/http/gunzip.h"

namespace pgrepl::http {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kPage(20000, 'm');

std::vector<Route> Routes() {
  return {
      {.path = "/metrics", .handler = [](const Request&) { return Response{.body = kPage}; }},
      {.path = "/echo",
       .handler =
           [](const Request& request) {
             return Response{.content_type = "application/json",
                             .body = request.path + "|" + request.query + "|" + request.accept};
           }},
      {.path = "/down", .handler = [](const Request&) { return Response{.status = 503}; }},
      {.method = Method::kCheck,
       .path = "/check",
       .handler = [](const Request&) { return Response{.body = "fit\n"}; }},
      {.path = "/throws",
       .handler = [](const Request&) -> Response { throw std::runtime_error("of the test"); }},
      {.method = Method::kPost,
       .path = "/-/reload",
       .handler = [](const Request&) { return Response{.body = "reloaded\n"}; }},
  };
}

std::string Body(const std::string& answer) {
  const size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

class ServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> server_ = *Server::Start({.listen_addresses = {"127.0.0.1:0"}}, Routes());
  int port_ = server_->ports().at(0);
};

TEST_F(ServerTest, AnswersGet) {
  const std::string answer = Get(port_, "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 20000\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("\r\nServer:")));
  EXPECT_EQ(Body(answer), kPage);
}

TEST_F(ServerTest, HandsOverQueryAndAccept) {
  EXPECT_EQ(Body(Get(port_, "/echo?a=%41&b", "Accept: text/html\r\n")), "/echo|a=%41&b|text/html");
  EXPECT_EQ(Body(Get(port_, "/echo")), "/echo||");
  EXPECT_EQ(Body(Ask(port_, "GET /echo HTTP/1.0\r\n\r\n")), "/echo||");
  EXPECT_THAT(Get(port_, "/down"), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
}

TEST_F(ServerTest, AnswersHeadLikeGetWithoutTheBody) {
  const std::string answer = Ask(port_, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 20000\r\n"));
  EXPECT_THAT(Body(answer), IsEmpty());
  EXPECT_THAT(Body(Ask(port_, "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")), IsEmpty());
}

TEST_F(ServerTest, MatchesPathsExactly) {
  for (const std::string path :
       {"/", "/metrics/", "/metrics/secretpath", "/metricsx", "//metrics", "/./metrics",
        "/x/../metrics", "/%6detrics", "/metrics%00", "/METRICS", "/metrics;x"}) {
    const std::string answer = Get(port_, path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
    EXPECT_EQ(Body(answer), "Not Found\n") << path;
  }
}

TEST_F(ServerTest, ACheckAnswersAsHaproxyAsksUnlessToldOtherwise) {
  const std::string answer = Ask(port_, "OPTIONS /check HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(Body(answer), "fit\n");
  EXPECT_EQ(Body(Get(port_, "/check")), "fit\n");
  EXPECT_EQ(Body(Ask(port_, "HEAD /check HTTP/1.1\r\nHost: x\r\n\r\n")), "");
}

TEST_F(ServerTest, SaysWhichMethodsAreAllowed) {
  for (const std::string verb : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const std::string answer = Ask(port_, verb + " /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"),
                              HasSubstr("\r\nAllow: GET, HEAD\r\n")));
  }
  EXPECT_THAT(Ask(port_, "POST /check HTTP/1.1\r\nHost: x\r\n\r\n"),
              HasSubstr("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
  EXPECT_THAT(Get(port_, "/-/reload"), HasSubstr("\r\nAllow: POST\r\n"));
  EXPECT_EQ(Body(Ask(port_, "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")),
            "reloaded\n");
}

TEST_F(ServerTest, TakesNoBodies) {
  EXPECT_THAT(Ask(port_, "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      Ask(port_, "POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      Ask(port_, "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, PacksWhenAskedTo) {
  const std::string packed = Get(port_, "/metrics", "Accept-Encoding: deflate, gzip\r\n");
  EXPECT_THAT(packed, HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(packed, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_EQ(Gunzip(Body(packed)), kPage);
  const std::string plain = Get(port_, "/metrics", "Accept-Encoding: gzip;q=0\r\n");
  EXPECT_THAT(plain, HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_EQ(Body(plain), kPage);
}

TEST_F(ServerTest, SurvivesAHandlerThatThrows) {
  const std::string answer = Get(port_, "/throws");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 Internal Server Error\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("of the test")));
  EXPECT_EQ(Body(Get(port_, "/metrics")), kPage);
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  const std::string tls_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15);
  const std::string noise("\x00\xff\x80 nonsense \x7f\r\n\r\n", 17);
  for (const std::string& bytes :
       {tls_hello, noise, std::string("GET\r\n\r\n"), std::string("GET /metrics HTTP/9.9\r\n\r\n"),
        std::string("BREW /secretpot HTTP/1.1\r\n\r\n")}) {
    const std::string answer = Ask(port_, bytes);
    EXPECT_THAT(answer,
                AllOf(StartsWith("HTTP/1.1 "), Not(HasSubstr("200 OK")), Not(HasSubstr("secret"))));
  }
  EXPECT_EQ(Body(Get(port_, "/metrics")), kPage);
}

// What a proxy in front might take for another request, or we for one of a proxy.
TEST_F(ServerTest, AnswersOneRequestAConnection) {
  const std::string get = "GET /metrics HTTP/1.1\r\nHost: x\r\n";
  const std::string smuggled = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& bytes :
       {get + "\r\n" + smuggled, get + "Connection: keep-alive\r\n\r\n" + smuggled,
        get + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + smuggled,
        get + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled}) {
    const std::string answer = Ask(port_, bytes);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 "));
    EXPECT_THAT(answer, Not(HasSubstr("/echo|"))) << bytes;
  }
  EXPECT_THAT(Ask(port_, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  for (const std::string target : {"http://evil.example/metrics", "https://evil.example/", "*"}) {
    EXPECT_THAT(Ask(port_, "OPTIONS " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"), IsEmpty());
  }
  EXPECT_THAT(Ask(port_, "CONNECT evil.example:443 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(Body(Get(port_, "/metrics")), kPage);
}

// CVE-2025-55763 overflowed on a long path of a directory; we have none.
TEST_F(ServerTest, RefusesWhatIsTooLong) {
  const std::string slashes(15500, '/');
  EXPECT_THAT(Get(port_, slashes), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get(port_, slashes + "?" + slashes), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Get(port_, "/" + std::string(16384, 'a')), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(Get(port_, "/metrics", "X: " + std::string(16384, 'a') + "\r\n"),
              StartsWith("HTTP/1.1 4"));
  EXPECT_EQ(Body(Get(port_, "/metrics")), kPage);
}

TEST(ServerStartTest, ListensOnSeveralAddresses) {
  const auto server =
      Server::Start({.listen_addresses = {"127.0.0.1:0", "[::1]:0", ":0"}}, Routes());
  ASSERT_TRUE(server.ok()) << server.error().message;
  const std::vector<int>& ports = (*server)->ports();
  ASSERT_EQ(ports.size(), 3U);
  EXPECT_EQ(Body(Get(ports[0], "/metrics")), kPage);
  EXPECT_EQ(Body(Get(ports[2], "/metrics")), kPage);
  for (const int port : {ports[1], ports[2]}) {
    Client client(port, true);
    client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(Body(client.Receive()), kPage);
  }
}

TEST(ServerStartTest, SaysWhichAddressIsTakenAndWhy) {
  const auto first = Server::Start({.listen_addresses = {"127.0.0.1:0"}}, Routes());
  const std::string taken = "127.0.0.1:" + std::to_string((*first)->ports().at(0));
  const auto second = Server::Start({.listen_addresses = {"127.0.0.1:0", taken}}, Routes());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "cannot listen on " + taken + ": Address already in use");
}

TEST(ServerStartTest, FindsAddressesThatExcludeEachOther) {
  int port = 0;
  {
    const auto server = Server::Start({.listen_addresses = {"127.0.0.1:0"}}, Routes());
    port = (*server)->ports().at(0);
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const auto server = Server::Start({.listen_addresses = {address, address}}, Routes());
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(server.error().message, EndsWith("Address already in use"));
}

TEST(ServerStartTest, RefusesTwoRoutesOfOnePath) {
  const auto answer = [](const Request&) { return Response{}; };
  const auto server = Server::Start({.listen_addresses = {"127.0.0.1:0"}},
                                    {{Method::kGet, "/a", answer}, {Method::kPost, "/a", answer}});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().message, "two routes are /a");
}

TEST(ServerStartTest, RefusesBadAddresses) {
  EXPECT_FALSE(Server::Start({.listen_addresses = {}}, Routes()).ok());
  EXPECT_FALSE(Server::Start({.listen_addresses = {"nonsense"}}, Routes()).ok());
  EXPECT_FALSE(Server::Start({.listen_addresses = {"192.0.2.1:9717"}}, Routes()).ok());
}

TEST(ServerStartTest, StartsAgainAndLeaksNoDescriptors) {
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = descriptors();
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 5; ++i) {
    const auto server = Server::Start({.listen_addresses = {address}, .threads = 4}, Routes());
    ASSERT_TRUE(server.ok()) << server.error().message;
    address = "127.0.0.1:" + std::to_string((*server)->ports().at(0));
    EXPECT_EQ(Body(Get((*server)->ports().at(0), "/metrics")), kPage);
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace pgrepl::http
