// HTTP(S) GET of an answer of 16 MB at most, by libcurl. The one file that includes it. Any thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl::discover {

struct FetchOptions {
  std::string ca_file;       ///< what an https:// server is verified by; empty: the system's
  std::string cert_file;     ///< the client's own certificate; empty: none
  std::string key_file;      ///< its key; empty: in cert_file as well
  std::string bearer_token;  ///< empty: none
  std::string user;          ///< for HTTP Basic; empty: none
  std::string password;
  bool through_proxy = true;  ///< where the environment names one (http_proxy)
  Duration timeout = std::chrono::seconds(3);
};

struct Fetched {
  int status = 0;
  std::string content_type;  ///< without parameters
  std::string body;
};

/// Any answer; redirects are not followed. Errors name the URL, never the token or the password.
Result<Fetched> FetchAny(const std::string& url, const FetchOptions& options);

/// The body of a 200; anything else is an error.
Result<std::string> Fetch(const std::string& url, const FetchOptions& options);

}  // namespace pgrepl::discover
