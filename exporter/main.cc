// pg_replication_exporter: flags -> config -> wire the objects -> run until a signal says stop, or
// until the sub-command has its answer.
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/base/descriptors.h"
#include "exporter/base/log.h"
#include "exporter/base/service.h"
#include "exporter/cli/ask.h"
#include "exporter/cli/glance.h"
#include "exporter/cli/wait.h"
#include "exporter/cli/watch.h"
#include "exporter/config/flags.h"
#include "exporter/config_loader.h"
#include "exporter/discover/fetch.h"
#include "exporter/fleet.h"
#include "exporter/http/query.h"
#include "exporter/http/routes.h"
#include "exporter/http/server.h"
#include "exporter/http/url.h"
#include "exporter/http/web_config_file.h"
#include "exporter/metrics/self_metrics.h"
#include "exporter/postgres/password.h"
#include "exporter/report/check.h"
#include "exporter/report/statements.h"
#include "exporter/terminal/terminal.h"
#include "exporter/watchdog.h"

namespace pgrepl {
namespace {

constexpr const char* kVersion = PGREPL_VERSION;

// The first page should have the members; without them it comes all the same.
constexpr Duration kLongestDiscovery = std::chrono::seconds(3);

int Fail(const Error& error, int exit_code) {
  std::fprintf(stderr, "pg_replication_exporter: %s\n", error.message.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "  %s\n", error.hint.c_str());
  return exit_code;
}

// Blocked in every thread, so that only this wait sees them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // civetweb and libpq both write to sockets that may die.
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

Status Reload(ConfigLoader& loader) {
  service::Reloading();
  Status loaded = loader.Load();
  service::Ready();
  if (loaded) {
    log::Info("configuration loaded again");
  } else {
    log::Error("the new configuration is not used, the one before stays",
               {{"error", loaded.error().message}, {"hint", loaded.error().hint}});
  }
  return loaded;
}

// Until a signal says stop: 0; or the watchdog does: 1.
int Wait(const sigset_t& signals, Watchdog& watchdog, const std::function<void()>& reload) {
  const auto interval = std::chrono::duration_cast<std::chrono::nanoseconds>(Watchdog::Interval());
  const timespec patience{.tv_sec = interval.count() / 1'000'000'000,
                          .tv_nsec = interval.count() % 1'000'000'000};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &patience);
    if (signal == SIGHUP) {
      reload();
    } else if (signal > 0) {
      log::Info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return 0;
    } else if (!watchdog.Look(Now())) {
      log::Error("stopping: the exporter has not been well for a minute");
      return 1;
    }
  }
}

// What keeps the exporter from its work, asked for as any client would.
std::string Examine(const Fleet& fleet, const http::Server& server) {
  if (!fleet.Alive()) return "the scheduler stands still";
  return server.Examine();
}

int Run(const config::Flags& flags) {
  const sigset_t signals = BlockSignals();
  SelfMetrics self(kVersion);
  Fleet fleet([&self] { self.CountConnection(); },
              [&self](Duration late) { self.CountPulse(Seconds(late)); });
  ConfigLoader loader(flags, ConfigLoader::Queries::kRun, fleet, self);
  if (const Status loaded = loader.Load(); !loaded) return Fail(loaded.error(), 1);
  const auto reload = [&loader] { return Reload(loader); };
  const auto web_config = http::WebConfigFile::Open(
      flags.web_config_file, [&self](bool success) { self.WebConfigLoaded(success); });
  if (!web_config) return Fail(web_config.error(), 1);
  Result<std::unique_ptr<http::Server>> server = http::Server::Start(
      {.listen_addresses = flags.listen_addresses, .web_config = web_config->get()},
      http::MakeRoutes({.telemetry_path = flags.telemetry_path,
                        .version = kVersion,
                        .collectors = [&fleet] { return fleet.collectors(); },
                        .self = &self,
                        .views = [&fleet](std::string_view cluster) { return fleet.View(cluster); },
                        .reload = flags.lifecycle ? std::function<Status()>(reload) : nullptr}));
  if (!server) return Fail(server.error(), 1);
  loader.AwaitMembers(kLongestDiscovery);
  fleet.Start();
  for (const std::string& address : flags.listen_addresses) {
    log::Info("listening", {{"address", address}, {"version", kVersion}});
  }
  Watchdog watchdog([&fleet, &server] { return Examine(fleet, **server); }, Now());
  service::Ready();
  const int exit_code =
      Wait(signals, watchdog, [&reload] { [[maybe_unused]] auto said = reload(); });
  service::Stopping();
  server->reset();
  // A thread that hangs in a resolver or on a file system would run into the exit handlers.
  if (!loader.Stop() || !fleet.Stop()) std::quick_exit(exit_code);
  return exit_code;
}

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

constexpr int kUnknown = static_cast<int>(report::Severity::kUnknown);

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
  SelfMetrics self(kVersion);
  Fleet fleet([] {});
  ConfigLoader loader(flags, ConfigLoader::Queries::kOmit, fleet, self);
  if (const Status loaded = loader.Load(); !loaded) {
    return Fail(loaded.error(), FailureCode(command.kind));
  }
  loader.AwaitMembers(kLongestDiscovery);
  fleet.Start();
  const int exit_code = RunByView(command, [&fleet] { return fleet.View(); });
  // As in Run.
  if (!loader.Stop() || !fleet.Stop()) std::quick_exit(exit_code);
  return exit_code;
}

int PrintStatements(const config::Flags& flags) {
  const Result<CollectorSet> collectors = ConfiguredCollectors(flags);
  if (!collectors) return Fail(collectors.error(), kUnknown);
  return Print(report::StatementsText(*collectors), 0, config::CommandKind::kCheck);
}

int RunCommand(const config::Flags& flags, const config::Command& command) {
  log::Init(log::Level::kError, flags.log_format);
  if (command.print_sql) return PrintStatements(flags);
  const bool asks = flags.config_file.empty() || !command.exporter.empty() ||
                    command.kind == config::CommandKind::kHealthcheck;
  return asks ? RunByExporter(command) : RunWithoutExporter(flags, command);
}

// Of a command line that isn't understood.
int UsageCode(int argc, const char* const* argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  return word == "check" || word == "wait" ? kUnknown : config::kUsageExitCode;
}

// glibc gives each of the HTTP workers a heap of its own, and keeps in each what a page once took:
// 15 MB after scrapes of 680 kB by 50 workers, 6 MB with two heaps. These keep what a page takes:
// given back after each one, it came again by a page fault every 4 kB, a fifth of a scrape's CPU.
void ShareHeaps() {
  constexpr int kKeptBytes = 1 << 20;
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

// Its memory has passwords.
void DumpNoCore() {
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &kNone);
}

int Main(int argc, const char* const* argv) {
  ShareHeaps();
  DumpNoCore();
  RaiseDescriptorLimit();
  const Result<config::CommandLine> command_line =
      config::ParseCommandLine(argc, argv, kVersion, CollectorNames());
  if (!command_line) return Fail(command_line.error(), UsageCode(argc, argv));
  if (!command_line->printout.empty()) {
    std::fputs(command_line->printout.c_str(), stdout);
    return 0;
  }
  if (command_line->command.kind != config::CommandKind::kServe) {
    return RunCommand(command_line->flags, command_line->command);
  }
  log::Init(command_line->flags.log_level, command_line->flags.log_format);
  return Run(command_line->flags);
}

}  // namespace
}  // namespace pgrepl

int main(int argc, char** argv) { return pgrepl::Main(argc, argv); }
