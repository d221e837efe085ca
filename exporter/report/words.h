// Figures and names as people read them, on one line of plain text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "collectors/view.h"

namespace pgrepl::report {

/// "0 s" for nothing at all, "0.4 s", "60 s", "3 min 20 s", "5 h 3 min", "3 d 4 h".
std::string SayDuration(double seconds);
/// As pg_size_pretty: "17 bytes", "16.0 MB"; a kB is 1024 bytes.
std::string SayBytes(double bytes);
/// "8.2 s", or "at least 8.2 s" where that is all that is known.
std::string SayLag(const LagView& lag);
std::string_view Name(LagCause cause);
/// "up", "down: refused", "not tried yet", "not configured".
std::string SayState(const ServerView& server);
std::string_view SayRole(const ServerView& server);
/// "streaming", "catching up", "not connected", "from archive".
std::string_view SayLink(const LagView& lag);
/// What comes from a server or a configuration, safe to print: control characters become '?'.
std::string Plain(std::string_view text);
/// Lines of at most 96 characters, and those that the text has; `first` begins the first one, as many
/// blanks the others.
void AppendWrapped(std::string_view text, std::string_view first, std::string& out);
/// "p, s1, s2".
template <typename Names>
std::string List(const Names& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + Plain(name);
  return out;
}

}  // namespace pgrepl::report
