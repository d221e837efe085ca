// Compression of response bodies and its negotiation. Pure functions; the only door to ISA-L.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgrepl::http {

/// Whether an Accept-Encoding header allows gzip and doesn't prefer plain text over it (RFC 9110,
/// 12.5.3). An absent header is an empty one.
bool AcceptsGzip(std::string_view accept_encoding);

/// Of the pieces one after the other. Nothing if it would not become smaller.
std::optional<std::string> Gzip(std::span<const std::string_view> pieces);
inline std::optional<std::string> Gzip(std::string_view text) { return Gzip({&text, 1}); }

}  // namespace pgrepl::http
