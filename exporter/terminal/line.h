// A line of a picture: pieces of text, and what each means. How that looks is up to the terminal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pgrepl::terminal {

enum class Style { kPlain, kDim, kBold, kGood, kWarning, kCritical };

struct Span {
  std::string text;  ///< UTF-8, without control characters
  Style style = Style::kPlain;
};

using Line = std::vector<Span>;

}  // namespace pgrepl::terminal
