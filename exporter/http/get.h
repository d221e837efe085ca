// One plain HTTP GET, by which the exporter asks itself whether it answers. Not civetweb's client: that
// waits anew for each read, so a server that dribbles would hold it for ever; not libcurl, which takes
// 3 MB more of a process that needs it for nothing else. Blocks the caller; the deadline is for all
// of it but the resolver.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"
#include "exporter/http/query.h"

namespace pgrepl::http {

struct Answer {
  int status = 0;
  std::string content_type;  ///< without parameters
  std::string body;          ///< at most 16 MB
};

/// `url` as ParseUrl takes it, `path` below it. IPv4 and IPv6, plain HTTP, no redirect is followed.
Result<Answer> Get(const std::string& url, std::string_view path, const Parameters& parameters,
                   Duration patience = std::chrono::seconds(5));

}  // namespace pgrepl::http
