// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/web_settings.h"

#include <utility>

#include "exporter/base/text_file.h"

namespace pgrepl::http {
namespace {

Result<std::string> ReadPem(const config::Pem& pem) {
  if (pem.path.empty()) return pem.text;
  Result<std::string> text = ReadTextFile(pem.path);
  if (!text) return Error{pem.where + ": " + text.error().message};
  return text;
}

Result<TlsMaterial> ReadMaterial(const config::TlsServerConfig& tls) {
  TlsMaterial material;
  for (const auto& [pem, text] :
       {std::pair(&tls.cert, &material.cert), std::pair(&tls.key, &material.key),
        std::pair(&tls.client_ca, &material.client_ca)}) {
    Result<std::string> read = ReadPem(*pem);
    if (!read) return read.error();
    *text = *std::move(read);
  }
  return material;
}

}  // namespace

Result<WebFiles> ReadWebFiles(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path, "web config file");
  if (!text) return text.error();
  WebFiles files{.config = *text, .tls = {}};
  const Result<config::WebConfig> config = config::ParseWebConfig(files.config, path);
  // What is wrong is said when settings are to be made of it.
  if (!config || !config->tls) return files;
  Result<TlsMaterial> material = ReadMaterial(*config->tls);
  if (!material) return material.error();
  files.tls = *std::move(material);
  return files;
}

Result<WebSettings> MakeWebSettings(const WebFiles& files, const std::string& path) {
  Result<config::WebConfig> config = config::ParseWebConfig(files.config, path);
  if (!config) return config.error();
  WebSettings settings{.config = *std::move(config), .headers = {}, .tls = {}};
  for (const auto& [name, value] : settings.config.headers) {
    settings.headers.append(name).append(": ").append(value).append("\r\n");
  }
  if (!settings.config.tls) return settings;
  Result<TlsContext> tls = MakeTlsContext(*settings.config.tls, files.tls);
  if (!tls) return tls.error();
  settings.tls = *std::move(tls);
  return settings;
}

}  // namespace pgrepl::http
