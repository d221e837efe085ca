// The file of --web.config.file, which all Prometheus exporters share: TLS, passwords and headers of
// the HTTP side. docs/web-config.md compares what is taken here with what exporters in Go take.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl::config {

/// Certificates or a key: in a file, or as they stand in the configuration.
struct Pem {
  std::string path;   ///< empty: `text` has it
  std::string text;   ///< PEM; may be a secret
  std::string where;  ///< "file:line:column" and the key, for errors found later

  [[nodiscard]] bool given() const { return !path.empty() || !text.empty(); }
  bool operator==(const Pem&) const = default;
};

/// As crypto/tls of Go names them.
enum class ClientAuth { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };
enum class TlsVersion { k10, k11, k12, k13 };

struct TlsServerConfig {
  Pem cert;  ///< the server's own first, then those between it and the root
  Pem key;
  Pem client_ca;  ///< not given: the system's
  ClientAuth client_auth = ClientAuth::kNone;
  std::vector<std::string>
      client_allowed_sans;                 ///< one of them must be in the client's certificate
  std::vector<std::string> cipher_suites;  ///< IANA's names, up to TLS 1.2; empty: OpenSSL's
  std::vector<std::string> curves;         ///< OpenSSL's names; empty: OpenSSL's own choice
  TlsVersion min_version = TlsVersion::k12;
  TlsVersion max_version = TlsVersion::k13;
  bool prefer_server_cipher_suites = true;
  std::string where;  ///< "file:line:column", for what is wrong with all of it

  bool operator==(const TlsServerConfig&) const = default;
};

/// A token bucket for all requests: one more each `interval`, `burst` at most.
struct RateLimit {
  Duration interval{};  ///< 0: no limit
  int burst = 0;

  bool operator==(const RateLimit&) const = default;
};

struct WebConfig {
  std::optional<TlsServerConfig> tls;          ///< none: plain HTTP
  std::map<std::string, std::string> headers;  ///< on every answer
  std::map<std::string, std::string, std::less<>>
      users;  ///< name -> bcrypt hash; empty: no password
  RateLimit rate_limit;
};

/// `path` is for errors, and its folder is where relative paths in the text start. No other file is
/// read.
Result<WebConfig> ParseWebConfig(const std::string& text, const std::string& path);

}  // namespace pgrepl::config
