// SPDX-License-Identifier: Apache-2.0
#include "exporter/sub_command.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/cli/ask.h"
#include "exporter/cli/glance.h"
#include "exporter/cli/wait.h"
#include "exporter/cli/watch.h"
#include "exporter/config/flags.h"
#include "exporter/config_loader.h"
#include "exporter/discover/fetch.h"
#include "exporter/fail.h"
#include "exporter/fleet.h"
#include "exporter/http/query.h"
#include "exporter/http/url.h"
#include "exporter/metrics/self_metrics.h"
#include "exporter/postgres/password.h"
#include "exporter/report/check.h"
#include "exporter/report/statements.h"
#include "exporter/terminal/terminal.h"

namespace pgrepl {
namespace {

constexpr int kUnknown = static_cast<int>(report::Severity::kUnknown);

Result<cli::Answer> AskExporter(const config::Command& command, const std::string& url,
                                std::string_view path, const http::Parameters& parameters) {
  if (const auto parsed = http::ParseUrl(url); !parsed) return parsed.error();
  discover::FetchOptions options{.ca_file = command.exporter_ca_file,
                                 .cert_file = command.exporter_cert_file,
                                 .key_file = command.exporter_key_file,
                                 .user = command.exporter_user,
                                 .through_proxy = false,
                                 .timeout = std::chrono::seconds(5)};
  if (!command.exporter_password_file.empty()) {
    Result<std::string> password = ReadPasswordFile(command.exporter_password_file);
    if (!password) {
      return Error{.message = password.error().message,
                   .hint = "--exporter.password-file names it."};
    }
    options.password = *std::move(password);
  }
  std::string_view base = url;
  while (base.ends_with('/')) base.remove_suffix(1);
  auto answer = discover::FetchAny(
      std::string(base) + std::string(path) + http::RenderQuery(parameters), options);
  if (!answer) return answer.error();
  return cli::Answer{answer->status, std::move(answer->content_type), std::move(answer->body)};
}

// Whoever asks how it is must not take "can't tell" for an answer: 3, as Nagios has it.
int FailureCode(config::CommandKind kind) {
  const bool asks = kind == config::CommandKind::kCheck || kind == config::CommandKind::kWait;
  return asks ? kUnknown : 1;
}

int Print(const std::string& text, int exit_code, config::CommandKind kind) {
  const bool printed = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return printed ? exit_code : Fail(Error{"cannot write to standard output"}, FailureCode(kind));
}

int Print(const Result<std::string>& text, const config::Command& command) {
  if (!text) return Fail(text.error(), FailureCode(command.kind));
  const bool is_check = command.kind == config::CommandKind::kCheck;
  return Print(*text, is_check ? static_cast<int>(report::SeverityOf(*text)) : 0, command.kind);
}

int Print(const Result<report::Verdict>& verdict) {
  const auto kind = config::CommandKind::kWait;
  if (!verdict) return Fail(verdict.error(), FailureCode(kind));
  return Print(verdict->line + "\n", verdict->yes ? 0 : 1, kind);
}

bool WriteNow(const std::string& lines) {
  return std::fputs(lines.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

Status Watch(const config::Command& command, const cli::Document& document) {
  if (command.plain_lines || !terminal::IsInteractive()) {
    return cli::WatchAsLines(command, document, WriteNow);
  }
  const auto opened = terminal::Terminal::Open();
  if (!opened) return opened.error();
  return cli::WatchOnTerminal(command, document, **opened);
}

int RunWatch(const config::Command& command, const cli::Document& document) {
  std::signal(SIGPIPE, SIG_IGN);
  const Status watched = Watch(command, document);
  return watched ? 0 : Fail(watched.error(), 1);
}

int RunByExporter(const config::Command& command) {
  const cli::Get get = [&command](const std::string& url, std::string_view path,
                                  const http::Parameters& parameters) {
    return AskExporter(command, url, path, parameters);
  };
  if (command.kind == config::CommandKind::kHealthcheck) {
    return Print(cli::AskHealth(command, get), command);
  }
  if (command.kind == config::CommandKind::kWait) {
    return Print(cli::Wait(command, cli::JudgeByExporter(command, get)));
  }
  if (command.kind == config::CommandKind::kWatch) {
    return RunWatch(command, cli::DocumentOfExporter(command, get));
  }
  return Print(cli::Ask(command, get), command);
}

int RunByView(const config::Command& command, const cli::View& view) {
  if (command.kind == config::CommandKind::kWait) {
    return Print(cli::Wait(command, cli::JudgeByView(command, view)));
  }
  if (command.kind == config::CommandKind::kWatch) {
    return RunWatch(command, cli::DocumentOfView(command, view));
  }
  return Print(cli::Glance(command, view), command);
}

int RunWithoutExporter(const config::Flags& flags, const config::Command& command) {
  std::signal(SIGPIPE, SIG_IGN);
  SelfMetrics self("");
  Fleet fleet([] {});
  ConfigLoader loader(flags, ConfigLoader::Queries::kOmit, fleet, self);
  if (const Status loaded = loader.Load(); !loaded) {
    return Fail(loaded.error(), FailureCode(command.kind));
  }
  loader.AwaitMembers();
  fleet.Start();
  const int exit_code = RunByView(command, [&fleet] { return fleet.View(); });
  // A thread that hangs in a resolver or on a file system would run into the exit handlers.
  if (!loader.Stop() || !fleet.Stop()) std::quick_exit(exit_code);
  return exit_code;
}

int PrintStatements(const config::Flags& flags) {
  const Result<CollectorSet> collectors = ConfiguredCollectors(flags);
  if (!collectors) return Fail(collectors.error(), kUnknown);
  return Print(report::StatementsText(*collectors), 0, config::CommandKind::kCheck);
}

}  // namespace

int RunSubCommand(const config::Flags& flags, const config::Command& command) {
  log::Init(log::Level::kError, flags.log_format);
  if (command.print_sql) return PrintStatements(flags);
  const bool asks = flags.config_file.empty() || !command.exporter.empty() ||
                    command.kind == config::CommandKind::kHealthcheck;
  return asks ? RunByExporter(command) : RunWithoutExporter(flags, command);
}

int UsageExitCode(int argc, const char* const* argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  return word == "check" || word == "wait" ? kUnknown : config::kUsageExitCode;
}

}  // namespace pgrepl
