// TLS of the listeners, by OpenSSL. A TlsContext is one configuration with its certificates, made once
// and never changed; the TlsFront is what civetweb holds while contexts come and go behind it.
// Sessions are not resumed: a client whose certificate was withdrawn must not come back by a ticket.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "exporter/base/result.h"
#include "exporter/config/web_config.h"

struct ssl_ctx_st;

namespace pgrepl::http {

/// The texts behind the configuration's Pem, read by the caller; `client_ca` may be empty.
struct TlsMaterial {
  std::string cert;
  std::string key;
  std::string client_ca;

  bool operator==(const TlsMaterial&) const = default;
};

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// Errors name the line of the configuration, never what is in the key.
Result<TlsContext> MakeTlsContext(const config::TlsServerConfig& config,
                                  const TlsMaterial& material);

class TlsFront {
 public:
  /// What the next handshake uses. Called by several threads at once.
  using Current = std::function<TlsContext()>;

  explicit TlsFront(Current current);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;

  /// An SSL_CTX; ours.
  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }

  [[nodiscard]] TlsContext Now() const { return current_(); }

 private:
  const Current current_;
  const TlsContext context_;
};

}  // namespace pgrepl::http
