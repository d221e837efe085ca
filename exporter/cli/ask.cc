// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/ask.h"

#include <fmt/format.h>

#include <algorithm>

#include "exporter/report/words.h"

namespace pgrepl::cli {
namespace {

constexpr std::string_view kContentTypes[] = {"text/plain", "application/json",
                                              "text/vnd.graphviz"};
// What every HTTP server says of a path that it doesn't know; ours says more of a name.
constexpr std::string_view kNoSuchRoute = "Not Found\n";

constexpr const char* kHint =
    "--exporter=URL asks another; --config.file=FILE watches the servers without one.";

std::string_view PathOf(config::CommandKind kind) {
  if (kind == config::CommandKind::kExplain) return "/explain";
  return kind == config::CommandKind::kCheck ? "/check" : "/topology";
}

Parameters ParametersOf(const config::Command& command) {
  if (command.kind == config::CommandKind::kExplain) {
    return {{"server", command.server}, {"cluster", command.cluster}};
  }
  Parameters parameters = {
      {"format", std::string(config::kReportFormats[static_cast<std::size_t>(command.format)])},
      {"cluster", command.cluster}};
  if (command.kind == config::CommandKind::kCheck) {
    parameters["for"] = config::kCheckFor[static_cast<std::size_t>(command.check_for)];
  }
  return parameters;
}

}  // namespace

std::string UrlOf(const config::Command& command) {
  return command.exporter.empty() ? std::string(config::kDefaultExporter) : command.exporter;
}

Error Unreachable(const Error& why) {
  if (!why.hint.empty()) return why;  // the URL itself, or the password
  return {.message = "no exporter answers at " + why.message, .hint = kHint};
}

Error Stranger(const std::string& url, const Answer& answer) {
  if (answer.status == 401) {
    return {.message = url + ": the exporter wants another password, or one at all",
            .hint = "--exporter.user=NAME and --exporter.password-file=FILE give it."};
  }
  return {.message = fmt::format(
              "{}: what answers there (HTTP {}, {}) is no "
              "pg_replication_exporter, or one of another version",
              url, answer.status,
              answer.content_type.empty() ? "no content type" : report::Plain(answer.content_type)),
          .hint = kHint};
}

// Line ends stay; nothing else may steer the terminal.
std::string PlainLines(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return text;
}

Result<std::string> AskHealth(const config::Command& command, const Get& get) {
  const std::string url = UrlOf(command);
  const Result<Answer> answer = get(url, "/-/healthy", {});
  if (!answer) return Unreachable(answer.error());
  if (answer->status != 200) return Stranger(url, *answer);
  return PlainLines(answer->body);
}

Result<std::string> Ask(const config::Command& command, const Get& get) {
  const auto format = static_cast<std::size_t>(command.format);
  const std::string url = UrlOf(command);
  const Result<Answer> answer = get(url, PathOf(command.kind), ParametersOf(command));
  if (!answer) return Unreachable(answer.error());
  const bool ours = answer->content_type == kContentTypes[answer->status == 200 ? format : 0] &&
                    answer->body != kNoSuchRoute;
  const bool refused = answer->status == 400 || answer->status == 404;
  if (!ours || (answer->status != 200 && !refused)) return Stranger(url, *answer);
  if (refused) return Error{PlainLines(answer->body.substr(0, answer->body.find('\n')))};
  return PlainLines(answer->body);
}

}  // namespace pgrepl::cli
