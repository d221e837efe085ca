// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/kubernetes.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "exporter/discover/fetch.h"

namespace pgrepl::discover {
namespace {

using Json = nlohmann::json;

constexpr const char* kPodCredentials = "/var/run/secrets/kubernetes.io/serviceaccount";

const Json& At(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : kNothing;
}

std::string TextAt(const Json& object, const char* key) {
  const Json& value = At(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

int FirstPort(const Json& slice) {
  constexpr int kUsual = 5432;
  for (const Json& port : At(slice, "ports")) {
    if (At(port, "port").is_number_integer()) return At(port, "port");
  }
  return kUsual;
}

void AddEndpoints(const Json& slice, std::optional<int> port, Members& members) {
  for (const Json& endpoint : At(slice, "endpoints")) {
    const Json& addresses = At(endpoint, "addresses");
    if (!addresses.is_array() || addresses.empty() || !addresses[0].is_string()) continue;
    const std::string host = addresses[0];
    std::string name = TextAt(At(endpoint, "targetRef"), "name");
    if (name.empty()) name = TextAt(endpoint, "hostname");
    if (name.empty()) name = host;
    members.push_back(
        {.name = std::move(name), .host = host, .port = port.value_or(FirstPort(slice))});
  }
}

Result<std::string> ReadCredential(const std::string& file) {
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    return Error{"cannot read " + file, "",
                 "In a pod: give its service account a token (automountServiceAccountToken). "
                 "Elsewhere: name a folder with token and ca.crt as 'credentials'."};
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// Where a pod finds its API server.
Result<std::string> ApiOf(const config::KubernetesSource& source) {
  if (!source.api.empty()) return source.api;
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");  // NOLINT(concurrency-mt-unsafe)
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");  // NOLINT(concurrency-mt-unsafe)
  if (host == nullptr || port == nullptr) {
    return Error{"not in a pod: KUBERNETES_SERVICE_HOST and _PORT are not set", "",
                 "Elsewhere: name the API server as 'api' and its 'credentials'."};
  }
  const bool is_v6 = std::string_view(host).find(':') != std::string_view::npos;
  return fmt::format("https://{}{}{}:{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
}

}  // namespace

Result<Members> ParseEndpointSlices(std::string_view json, std::optional<int> port) {
  const Json list = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!At(list, "items").is_array()) return Error{"no list of EndpointSlices"};
  Members members;
  for (const Json& slice : list["items"]) AddEndpoints(slice, port, members);
  return members;
}

Result<Members> FromKubernetes(const config::Discovery& discovery) {
  const config::KubernetesSource& source = *discovery.kubernetes;
  const std::string folder = source.credentials.empty() ? kPodCredentials : source.credentials;
  const Result<std::string> api = ApiOf(source);
  if (!api) return api.error();
  // A token lives for an hour, and is renewed in its file.
  const Result<std::string> token = ReadCredential(folder + "/token");
  if (!token) return token.error();
  Result<std::string> name_space = source.name_space;
  if (source.name_space.empty()) name_space = ReadCredential(folder + "/namespace");
  if (!name_space) return name_space.error();
  const std::string url = fmt::format(
      "{}/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
      "?labelSelector=kubernetes.io%2Fservice-name%3D{}",
      *api, *name_space, source.service);
  const Result<std::string> body =
      Fetch(url, {.ca_file = discovery.ca_file.empty() ? folder + "/ca.crt" : discovery.ca_file,
                  .bearer_token = *token});
  if (!body) return body.error();
  return ParseEndpointSlices(*body, discovery.port);
}

}  // namespace pgrepl::discover
