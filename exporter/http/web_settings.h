// What holds for each request and each handshake: the web configuration with the files it names, as
// they were when they were read. Never changed once made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/result.h"
#include "exporter/config/web_config.h"
#include "exporter/http/tls.h"

namespace pgrepl::http {

struct WebSettings {
  config::WebConfig config;
  std::string headers;  ///< of config, as complete lines
  TlsContext tls;       ///< none: plain HTTP
};

/// The texts of all files that settings are made of: the same texts make the same settings.
struct WebFiles {
  std::string config;
  TlsMaterial tls;

  bool operator==(const WebFiles&) const = default;
};

/// Reads the configuration in `path` and what it names.
Result<WebFiles> ReadWebFiles(const std::string& path);

Result<WebSettings> MakeWebSettings(const WebFiles& files, const std::string& path);

}  // namespace pgrepl::http
