// The live page of /: exporter/http/page as text, built into the program.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pgrepl::http {

struct PageFile {
  std::string_view path;  ///< the route
  std::string_view content_type;
  std::string_view body;
};

inline constexpr int kPageFiles = 3;
extern const PageFile kPage[kPageFiles];

}  // namespace pgrepl::http
