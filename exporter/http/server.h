// The HTTP side: civetweb behind exact routes, GET and HEAD only unless a route says POST.
// Handlers run on worker threads, several at once; they read memory and never wait for PostgreSQL.
// A connection is closed after one answer; idle or dribbling clients can't stall a scrape (guard.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/http/shared_body.h"

namespace pgrepl::http {

class WebConfigFile;

struct Request {
  std::string path;    ///< the route's
  std::string query;   ///< raw, without '?'
  std::string accept;  ///< the Accept header, empty when absent
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::shared_ptr<const SharedBody> shared = {};  ///< the body, where others get the same one
};

enum class Method {
  kGet,    ///< answers HEAD as well
  kCheck,  ///< and OPTIONS, which HAProxy's option httpchk sends unless told otherwise
  kPost,
};

struct Route {
  Method method = Method::kGet;
  std::string path;  ///< compared with what was sent, byte for byte
  std::function<Response(const Request&)> handler;
};

struct ServerOptions {
  /// "host:port", "[::1]:port", ":port" (all, v4 and v6).
  std::vector<std::string> listen_addresses;
  /// Workers. When clients crowd in, each unfinished request takes one for a tenth of a second.
  int threads = 50;
  /// Outlives the server. With TLS in it, all addresses speak TLS. None: plain HTTP for everyone.
  const WebConfigFile* web_config = nullptr;
};

/// Listens from Start until destroyed. Bodies are gzipped when the client asks for it. The process
/// ignores SIGPIPE. Handlers have 256 kB of stack; what they throw becomes a 500.
class Server {
 public:
  /// Errors name the address and the reason (in use, not an address, no permission).
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                               std::vector<Route> routes);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Empty while a client of this machine gets an answer at the first address, whatever it says: a
  /// listener, a worker and a descriptor were to be had. Else what happened. Takes 5 s at most.
  [[nodiscard]] std::string Examine() const;

  /// The ports in the order of listen_addresses; tells what port 0 became.
  [[nodiscard]] const std::vector<int>& ports() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgrepl::http
