// pg_replication_exporter: flags -> config -> wire the objects -> run until a signal says stop.
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

#include "exporter/base/descriptors.h"
#include "exporter/base/log.h"
#include "exporter/base/service.h"
#include "exporter/config/flags.h"
#include "exporter/config_loader.h"
#include "exporter/fail.h"
#include "exporter/fleet.h"
#include "exporter/http/routes.h"
#include "exporter/http/server.h"
#include "exporter/http/web_config_file.h"
#include "exporter/metrics/self_metrics.h"
#include "exporter/sub_command.h"
#include "exporter/watchdog.h"

namespace pgrepl {
namespace {

constexpr const char* kVersion = PGREPL_VERSION;

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

timespec Timespec(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  return {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
}

// Until a signal says stop: 0; or the watchdog does: 1.
int Wait(const sigset_t& signals, Watchdog& watchdog, const std::function<void()>& reload) {
  Time next_look = Now() + Watchdog::Interval();
  while (true) {
    const timespec patience = Timespec(std::max(Duration{}, next_look - Now()));
    const int signal = sigtimedwait(&signals, nullptr, &patience);
    if (signal == SIGHUP) {
      reload();
    } else if (signal > 0) {
      log::Info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      return 0;
    }
    if (Now() < next_look) continue;
    if (!watchdog.Look(Now())) {
      log::Error("stopping: the exporter has not been well for a minute");
      return 1;
    }
    next_look = Now() + Watchdog::Interval();
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
                        .visit = [&fleet](const auto& visit) { fleet.Visit(visit); },
                        .reload = flags.lifecycle ? std::function<Status()>(reload) : nullptr}));
  if (!server) return Fail(server.error(), 1);
  loader.AwaitMembers();
  fleet.Start();
  for (const std::string& address : flags.listen_addresses) {
    log::Info("listening", {{"address", address}, {"version", kVersion}});
  }
  Watchdog watchdog([&fleet, &server] { return Examine(fleet, **server); }, Now());
  service::Ready();
  const int exit_code =
      Wait(signals, watchdog, [&reload] { [[maybe_unused]] auto said = reload(); });
  service::Stopping();
  // What hangs would be waited for.
  if (exit_code != 0) std::quick_exit(exit_code);
  server->reset();
  // A thread that hangs in a resolver or on a file system would run into the exit handlers.
  if (!loader.Stop() || !fleet.Stop()) std::quick_exit(exit_code);
  return exit_code;
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
  if (!command_line) return Fail(command_line.error(), UsageExitCode(argc, argv));
  if (!command_line->printout.empty()) {
    std::fputs(command_line->printout.c_str(), stdout);
    return 0;
  }
  if (command_line->command.kind != config::CommandKind::kServe) {
    return RunSubCommand(command_line->flags, command_line->command);
  }
  log::Init(command_line->flags.log_level, command_line->flags.log_format);
  try {
    return Run(command_line->flags);
  } catch (const std::system_error& failed) {  // of std::thread
    return Fail({.message = std::string("cannot start: ") + failed.what(),
                 .hint = "Raise the limit of processes and threads: TasksMax= of the systemd unit, "
                         "pids of a container, ulimit -u."},
                1);
  }
}

}  // namespace
}  // namespace pgrepl

int main(int argc, char** argv) { return pgrepl::Main(argc, argv); }
