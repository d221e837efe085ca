// A sub-command that asks the exporter which runs: that one has the history.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/config/config.h"

namespace pgrepl::cli {

struct Answer {
  int status = 0;
  std::string content_type;
  std::string body;
};

using Parameters = std::map<std::string, std::string, std::less<>>;

/// GET of a path below a URL, with parameters of which the empty ones are left out.
using Get = std::function<Result<Answer>(const std::string& url, std::string_view path,
                                         const Parameters& parameters)>;

/// What to print of the exporter's health.
Result<std::string> AskHealth(const config::Command& command, const Get& get);

/// What to print.
Result<std::string> Ask(const config::Command& command, const Get& get);

// For the other sub-commands that ask.

/// The exporter that is meant.
std::string UrlOf(const config::Command& command);

/// What to say when nobody answers.
Error Unreachable(const Error& why);

/// What to say when it isn't ours that answers.
Error Stranger(const std::string& url, const Answer& answer);

/// What came over the network, fit to be printed: line ends stay, nothing else steers a terminal.
std::string PlainLines(std::string text);

}  // namespace pgrepl::cli
