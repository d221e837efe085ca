// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/fetch.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <system_error>
#include <utility>

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
  return Error{fmt::format("{}: {}", url, why)};
}

void Identify(CURL* curl, const FetchOptions& options) {
  const auto set = [&](CURLoption option, const std::string& text) {
    if (!text.empty()) curl_easy_setopt(curl, option, text.c_str());
  };
  set(CURLOPT_CAINFO, options.ca_file);
  set(CURLOPT_SSLCERT, options.cert_file);
  set(CURLOPT_SSLKEY, options.key_file.empty() ? options.cert_file : options.key_file);
  if (!options.bearer_token.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(CURLOPT_XOAUTH2_BEARER, options.bearer_token);
  } else if (!options.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, options.user);
    set(CURLOPT_PASSWORD, options.password);
  }
}

std::string ContentType(CURL* curl) {
  const char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  const std::string_view text = type != nullptr ? type : "";
  return std::string(text.substr(0, text.find(';')));
}

// libcurl's words, but for what is told often enough to be told shortly.
std::string Reason(CURL* curl, CURLcode result, std::string_view why) {
  switch (result) {
    case CURLE_COULDNT_CONNECT: {
      long code = 0;
      curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &code);
      return "cannot connect: " + std::generic_category().message(static_cast<int>(code));
    }
    case CURLE_OPERATION_TIMEDOUT:
      return "no whole answer within its deadline";
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, as it takes anything else to be
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return "what answers is not HTTP, or was cut off";
    default:
      return std::string(why.empty() ? curl_easy_strerror(result) : why);
  }
}

}  // namespace

Result<Fetched> FetchAny(const std::string& url, const FetchOptions& options) {
  if (!InitializeOnce()) return Failed(url, "libcurl can't start");
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (!curl) return Failed(url, "libcurl can't start");
  Fetched fetched;
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
  if (!options.through_proxy) set(CURLOPT_PROXY, "");  // not http_proxy of the environment either
  set(CURLOPT_ERRORBUFFER, why.data());
  set(CURLOPT_WRITEFUNCTION, Append);
  set(CURLOPT_WRITEDATA, &fetched.body);
  Identify(curl.get(), options);
  const CURLcode result = curl_easy_perform(curl.get());
  if (result != CURLE_OK) {
    if (fetched.body.size() + CURL_MAX_WRITE_SIZE > kMostBytes)
      return Failed(url, "the answer is too long");
    return Failed(url, Reason(curl.get(), result, why.data()));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  fetched.status = static_cast<int>(status);
  fetched.content_type = ContentType(curl.get());
  return fetched;
}

Result<std::string> Fetch(const std::string& url, const FetchOptions& options) {
  Result<Fetched> fetched = FetchAny(url, options);
  if (!fetched) return Error{"GET " + fetched.error().message};
  if (fetched->status != 200) {
    return Error{fmt::format("GET {}: answers {}", url, fetched->status)};
  }
  return std::move(fetched->body);
}

}  // namespace pgrepl::discover
