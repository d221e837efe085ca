// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

#include <civetweb.h>

#include <array>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/base/unique_fd.h"
#include "exporter/http/exchange.h"
#include "exporter/http/guard.h"
#include "exporter/http/listen_address.h"

namespace pgrepl::http {
namespace {

// civetweb's options are text. A document_root is never among them.
constexpr const char* kRequestTimeoutMs = "4000";  // the guard's patience is longer (guard.cc)
// Connections that wait for a worker: each takes a descriptor, and the guard sees them. It doesn't
// see those in the kernel's backlog.
constexpr const char* kConnectionQueue = "400";
constexpr const char* kListenBacklog = "1024";

// Binds all addresses at once, so that two that exclude each other are found, and lets go of them.
Result<std::string> TryAddresses(const std::vector<std::string>& texts) {
  std::vector<UniqueFd> bound;
  std::string civetweb_ports;
  for (const std::string& text : texts) {
    auto address = ResolveListenAddress(text);
    if (!address) return address.error();
    auto fd = Bind(*address);
    if (!fd) return fd.error();
    bound.push_back(*std::move(fd));
    civetweb_ports += (civetweb_ports.empty() ? "" : ",") + CivetwebPort(*address);
  }
  if (texts.empty()) return Error{.message = "no address to listen on"};
  return civetweb_ports;
}

int OnLogMessage(const mg_connection* /*connection*/, const char* message) {
  log::Debug("civetweb", {{"message", message}});
  return 1;  // done
}

int OnHttpError(mg_connection* connection, int status, const char* /*message*/) {
  Refuse(connection, status);
  return 0;  // done
}

// A path that two routes have; empty: none.
std::string FindTwice(const std::vector<Route>& routes) {
  std::set<std::string_view> paths;
  for (const Route& route : routes) {
    if (!paths.insert(route.path).second) return route.path;
  }
  return "";
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(std::vector<Route> routes) : routes_(std::move(routes)) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start(const ServerOptions& options, const std::string& civetweb_ports);
  [[nodiscard]] const std::vector<int>& ports() const { return ports_; }

 private:
  static int OnRequest(mg_connection* connection);

  const std::vector<Route> routes_;
  Guard guard_;  // outlives the workers
  mg_context* context_ = nullptr;
  std::vector<int> ports_;
};

Status Server::Impl::Start(const ServerOptions& options, const std::string& civetweb_ports) {
  const std::string threads = std::to_string(options.threads);
  // clang-format off
  std::array<const char*, 19> civetweb_options = {
      "listening_ports", civetweb_ports.c_str(),
      "num_threads", threads.c_str(),
      "connection_queue", kConnectionQueue,
      "listen_backlog", kListenBacklog,
      "request_timeout_ms", kRequestTimeoutMs,
      "enable_keep_alive", "no",
      "tcp_nodelay", "1",
      "decode_url", "no",  // paths are compared as they were sent
      "enable_auth_domain_check", "no",  // any Host will do
      nullptr};
  // clang-format on
  mg_callbacks callbacks{};
  callbacks.begin_request = OnRequest;
  callbacks.http_error = OnHttpError;
  callbacks.log_message = OnLogMessage;
  mg_init_library(MG_FEATURES_DEFAULT);
  context_ = mg_start(&callbacks, this, civetweb_options.data());
  if (context_ == nullptr) {
    mg_exit_library();
    return Error{.message = "cannot start the HTTP server",
                 .hint = "With log level debug, civetweb's reason is in the log."};
  }
  std::vector<mg_server_port> listeners(options.listen_addresses.size());
  mg_get_server_ports(context_, static_cast<int>(listeners.size()), listeners.data());
  for (const mg_server_port& listener : listeners) ports_.push_back(listener.port);
  guard_.Watch(ports_, static_cast<size_t>(options.threads));
  return Ok();
}

Server::Impl::~Impl() {
  if (context_ == nullptr) return;
  guard_.Stop();
  mg_stop(context_);
  guard_.CloseForgotten();
  mg_exit_library();
}

// civetweb is C: no exception may pass through it.
int Server::Impl::OnRequest(mg_connection* connection) {
  try {
    auto& self = *static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    const mg_request_info& info = *mg_get_request_info(connection);
    const Guard::Answering answering(self.guard_, Guard::Peer(info.remote_addr, info.remote_port));
    return Exchange(connection, self.routes_);
  } catch (...) {
    log::Error("an HTTP request failed for want of memory");
    return -1;
  }
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                              std::vector<Route> routes) {
  if (const std::string twice = FindTwice(routes); !twice.empty()) {
    return Error{.message = "two routes are " + twice,
                 .hint = "--web.telemetry-path must be a path of its own."};
  }
  auto civetweb_ports = TryAddresses(options.listen_addresses);
  if (!civetweb_ports) return civetweb_ports.error();
  auto impl = std::make_unique<Impl>(std::move(routes));
  const Status started = impl->Start(options, *civetweb_ports);
  if (!started) return started.error();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

const std::vector<int>& Server::ports() const { return impl_->ports(); }

}  // namespace pgrepl::http
