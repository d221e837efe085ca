// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

#include <civetweb.h>

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/base/unique_fd.h"
#include "exporter/http/exchange.h"
#include "exporter/http/gate.h"
#include "exporter/http/get.h"
#include "exporter/http/guard.h"
#include "exporter/http/listen_address.h"
#include "exporter/http/tls.h"
#include "exporter/http/web_config_file.h"

namespace pgrepl::http {
namespace {

// civetweb's options are text. A document_root is never among them.
constexpr const char* kRequestTimeoutMs = "4000";  // the guard's patience is longer (guard.cc)
// Connections that wait for a worker: each takes a descriptor, and the guard sees them. It doesn't
// see those in the kernel's backlog.
constexpr const char* kConnectionQueue = "400";
constexpr const char* kListenBacklog = "1024";

// Binds all addresses at once, so that two that exclude each other are found, and lets go of them.
Result<std::string> TryAddresses(const std::vector<std::string>& texts, bool tls) {
  std::vector<UniqueFd> bound;
  std::string civetweb_ports;
  for (const std::string& text : texts) {
    auto address = ResolveListenAddress(text);
    if (!address) return address.error();
    auto fd = Bind(*address);
    if (!fd) return fd.error();
    bound.push_back(*std::move(fd));
    civetweb_ports +=
        (civetweb_ports.empty() ? "" : ",") + CivetwebPort(*address) + (tls ? "s" : "");
  }
  if (texts.empty()) return Error{.message = "no address to listen on"};
  return civetweb_ports;
}

int OnLogMessage(const mg_connection* /*connection*/, const char* message) {
  log::Debug("civetweb", {{"message", message}});
  return 1;  // done
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
  Impl(const ServerOptions& options, std::vector<Route> routes)
      : routes_(std::move(routes)), web_config_(options.web_config) {
    if (Settings()->tls) tls_.emplace([this] { return Settings()->tls; });
  }
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start(const ServerOptions& options);
  [[nodiscard]] const std::vector<int>& ports() const { return ports_; }
  [[nodiscard]] std::string Examine() const;

 private:
  static int OnConnection(const mg_connection* connection, void** data);
  static int OnRequest(mg_connection* connection);
  static int OnHttpError(mg_connection* connection, int status, const char* message);
  static int OnTls(void** context, void* self);
  [[nodiscard]] std::shared_ptr<const WebSettings> Settings() const;

  const std::vector<Route> routes_;
  const WebConfigFile* const web_config_;
  std::optional<TlsFront> tls_;
  Gate gate_;
  Guard guard_;  // outlives the workers
  mg_context* context_ = nullptr;
  std::vector<int> ports_;
  std::string first_address_;
};

Status Server::Impl::Start(const ServerOptions& options) {
  const auto civetweb_ports = TryAddresses(options.listen_addresses, tls_.has_value());
  if (!civetweb_ports) return civetweb_ports.error();
  const std::string threads = std::to_string(options.threads);
  // clang-format off
  std::array<const char*, 19> civetweb_options = {
      "listening_ports", civetweb_ports->c_str(),
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
  callbacks.init_connection = OnConnection;
  callbacks.begin_request = OnRequest;
  callbacks.http_error = OnHttpError;
  callbacks.log_message = OnLogMessage;
  callbacks.external_ssl_ctx = OnTls;
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
  first_address_ = options.listen_addresses.front();
  // Of one that speaks TLS civetweb tells only when its handshake is over.
  guard_.Watch(ports_, static_cast<size_t>(options.threads), /*told_of_all=*/!tls_.has_value());
  return Ok();
}

Server::Impl::~Impl() {
  if (context_ == nullptr) return;
  guard_.Stop();
  mg_stop(context_);
  guard_.CloseForgotten();
  mg_exit_library();
}

int Server::Impl::OnConnection(const mg_connection* connection, void** /*data*/) {
  static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)))->guard_.Arrived();
  return 1;  // without data of its own
}

// civetweb is C: no exception may pass through it.
int Server::Impl::OnRequest(mg_connection* connection) {
  try {
    auto& self = *static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    const mg_request_info& info = *mg_get_request_info(connection);
    const Guard::Answering answering(self.guard_, Guard::Peer(info.remote_addr, info.remote_port));
    return Exchange(connection, self.routes_, self.gate_, *self.Settings());
  } catch (...) {
    log::Error("an HTTP request failed for want of memory");
    return -1;
  }
}

int Server::Impl::OnHttpError(mg_connection* connection, int status, const char* /*message*/) {
  try {
    auto& self = *static_cast<Impl*>(mg_get_user_data(mg_get_context(connection)));
    Refuse(connection, status, *self.Settings());
  } catch (...) {
    log::Error("an HTTP request failed for want of memory");
  }
  return 0;  // done
}

// Asked by civetweb when it starts, and when it stops for whether the context is its own to free.
int Server::Impl::OnTls(void** context, void* self) {
  auto& tls = static_cast<Impl*>(self)->tls_;
  if (tls) *context = tls->context();
  return 1;  // ours
}

std::shared_ptr<const WebSettings> Server::Impl::Settings() const {
  if (web_config_ != nullptr) return web_config_->Settings();
  static const auto kPlain = std::make_shared<const WebSettings>();
  return kPlain;
}

// In plain HTTP also where TLS is spoken: that is refused in plain HTTP, by a worker (tls.cc).
std::string Server::Impl::Examine() const {
  const auto answer = Get(LocalUrl(first_address_, ports_.front()), "/-/healthy", {});
  return answer ? "" : answer.error().message;
}

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                              std::vector<Route> routes) {
  if (const std::string twice = FindTwice(routes); !twice.empty()) {
    return Error{.message = "two routes are " + twice,
                 .hint = "--web.telemetry-path must be a path of its own."};
  }
  auto impl = std::make_unique<Impl>(options, std::move(routes));
  const Status started = impl->Start(options);
  if (!started) return started.error();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

std::string Server::Examine() const { return impl_->Examine(); }

const std::vector<int>& Server::ports() const { return impl_->ports(); }

}  // namespace pgrepl::http
