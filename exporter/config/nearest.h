// Words that aren't known: which known one was probably meant, and the sentence that says so.
// Pure functions; what a user typed is shown only where it can't be a connection string.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pgrepl::config {

/// The known word fewest edits away (insert, remove, replace, swap neighbours); empty when none is
/// near enough to be meant.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> known);

/// "unknown KIND 'WORD'; did you mean 'NEAREST'?", or the known words when none is near.
std::string Unknown(std::string_view kind, std::string_view word,
                    std::span<const std::string_view> known);

/// The text in quotes, on one line and not too long; "(not shown)" for what may hold a password.
std::string Quoted(std::string_view text);

}  // namespace pgrepl::config
