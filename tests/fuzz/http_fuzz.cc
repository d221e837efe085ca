// Any bytes on the port: an answer in HTTP, or none; the server goes on.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"
#include "exporter/http/server.h"
#include "tests/exporter/http/client.h"
#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

namespace {

const http::Server& TheServer() {
  static const auto server = [] {
    log::Init(log::Level::kError, log::Format::kLogfmt);
    const auto answer = [](const http::Request& request) {
      return http::Response{.body = request.query + request.accept};
    };
    return *http::Server::Start(
        {.listen_addresses = {"127.0.0.1:0"}, .threads = 2},
        {{.path = "/metrics", .handler = answer},
         {.method = http::Method::kCheck, .path = "/primary", .handler = answer},
         {.method = http::Method::kPost, .path = "/-/reload", .handler = answer}});
  }();
  return *server;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::Client client(TheServer().ports().front());
  client.Send(fuzz::Text(data, size));
  shutdown(client.fd(), SHUT_WR);
  const std::string answer = client.Receive();
  fuzz::Require(client.closed(), "the connection ends");
  fuzz::Require(answer.empty() || answer.starts_with("HTTP/1.1 "), "what is answered is HTTP");
  return 0;
}
