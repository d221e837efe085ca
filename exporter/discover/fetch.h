// HTTP(S) GET of a small answer, by libcurl. The one file that includes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl::discover {

struct FetchOptions {
  std::string ca_file;       ///< what an https:// server is verified by; empty: the system's
  std::string bearer_token;  ///< empty: none
  Duration timeout = std::chrono::seconds(3);
};

/// The body of a 200; anything else is an error that names the URL, never the token. Any thread.
Result<std::string> Fetch(const std::string& url, const FetchOptions& options);

}  // namespace pgrepl::discover
