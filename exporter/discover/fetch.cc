// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <memory>

namespace pgrepl::discover {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

// Once in a process, before any other call; the standard makes the first one wait for it.
bool InitializeOnce() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

// What libcurl calls with each piece. Less than its size ends the transfer.
std::size_t Append(const char* data, std::size_t /*one*/, std::size_t size, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size > kMostBytes) return 0;
  text.append(data, size);
  return size;
}

Error Failed(const std::string& url, std::string_view why) {
  return Error{fmt::format("GET {}: {}", url, why)};
}

}  // namespace

Result<std::string> Fetch(const std::string& url, const FetchOptions& options) {
  if (!InitializeOnce()) return Failed(url, "libcurl can't start");
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (!curl) return Failed(url, "libcurl can't start");
  std::string body;
  std::array<char, CURL_ERROR_SIZE> why{};
  const auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);  // a process with threads
  set(CURLOPT_TIMEOUT_MS,
      static_cast<long>(
          std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count()));
  set(CURLOPT_ERRORBUFFER, why.data());
  set(CURLOPT_WRITEFUNCTION, Append);
  set(CURLOPT_WRITEDATA, &body);
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.bearer_token.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
  }
  const CURLcode result = curl_easy_perform(curl.get());
  if (result != CURLE_OK) {
    if (body.size() + CURL_MAX_WRITE_SIZE > kMostBytes)
      return Failed(url, "the answer is too long");
    return Failed(url, why[0] != '\0' ? why.data() : curl_easy_strerror(result));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return Failed(url, fmt::format("answers {}", status));
  return body;
}

}  // namespace pgrepl::discover
