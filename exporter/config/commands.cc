// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/commands.h"

#include <fmt/format.h>

#include "exporter/config/duration.h"
#include "exporter/config/option.h"

namespace pgrepl::config {
namespace {

constexpr Choice<ReportFormat> kFormats[] = {{kReportFormats[0], ReportFormat::kText},
                                             {kReportFormats[1], ReportFormat::kJson},
                                             {kReportFormats[2], ReportFormat::kDot}};
// Below it nothing is seen to move; beyond it one wants an exporter that runs.
constexpr DurationRange kWatchRange{1s, 10min};

constexpr std::string_view kTopologyFooter = R"(
It asks the exporter that runs, since only that one has a history: GET URL/topology. With
--config.file and without --exporter it watches the servers itself, for a moment; a lag that began
earlier is a bound then.

Examples:
  pg_replication_exporter topology
  pg_replication_exporter topology --format=dot --cluster=main | dot -Tsvg > main.svg
  pg_replication_exporter topology --config.file=/etc/pg_replication_exporter/config.yml)";

constexpr std::string_view kExplainFooter = R"(
It asks the exporter that runs, since only that one has a history: GET URL/explain. With
--config.file and without --exporter it watches the servers itself, for a moment; a lag that began
earlier is a bound then.

Examples:
  pg_replication_exporter explain s1
  pg_replication_exporter explain s1 --cluster=main --exporter=http://[::1]:9717
  pg_replication_exporter explain s1 --config.file=/etc/pg_replication_exporter/config.yml)";

// A check is no drawing.
constexpr Choice<ReportFormat> kOutputs[] = {{kReportFormats[0], ReportFormat::kText},
                                             {kReportFormats[1], ReportFormat::kJson}};
constexpr Choice<CheckFor> kPurposes[] = {{kCheckFor[1], CheckFor::kSwitchover},
                                          {kCheckFor[2], CheckFor::kRestart},
                                          {kCheckFor[3], CheckFor::kUpgrade}};
constexpr DurationRange kMaxLagRange{Duration::zero(), std::chrono::days(30)};
constexpr DurationRange kTimeoutRange{Duration::zero(), std::chrono::days(30)};

constexpr std::string_view kCheckFooter = R"(
It asks the exporter that runs: GET URL/check. With --config.file and without --exporter it connects
to the servers itself, by that file, and watches them for a moment. What it finds: docs/check.md.
Exit codes, as Nagios has them: 0 well, 1 warning, 2 critical, 3 it can't be told.

Examples:
  pg_replication_exporter check --config.file=/etc/pg_replication_exporter/config.yml
  pg_replication_exporter check --for=switchover --cluster=main
  pg_replication_exporter check --output=json | jq '.clusters[].findings[]'
  pg_replication_exporter check --print-sql)";

constexpr std::string_view kWaitFooter = R"(
The lag must be known and no more than that, by the rule of the route /standby. It asks the exporter
that runs; with --config.file and without --exporter it watches the servers itself.
Exit codes: 0 it is, 1 not within the timeout, 3 it can't be told.

Examples:
  pg_replication_exporter wait --standby=s1 --max-lag=1s
  pg_replication_exporter wait --standby=s1 --max-lag=5s --timeout=10m --cluster=main)";

// More often than that nothing new is known.
constexpr DurationRange kIntervalRange{200ms, 10min};

constexpr std::string_view kWatchFooter = R"(
It asks the exporter that runs: GET URL/api/v1/clusters. With --config.file and without --exporter it
watches the servers itself. Keys: q quits, space holds the picture, tab shows the next cluster, up
and down move. Where standard output is no terminal it prints a line for each server, again and again.
NO_COLOR=1 in the environment leaves out colours. Exit codes: 0 quit, 1 nothing to show.

Examples:
  pg_replication_exporter watch
  pg_replication_exporter watch --config.file=/etc/pg_replication_exporter/config.yml
  pg_replication_exporter watch --interval=10s --plain >> replication.log)";

constexpr std::string_view kHealthcheckFooter = R"(
GET URL/-/healthy. Exit code 0 if it is, 1 with the reason if not. No server is asked: one that is
down is no reason to start the exporter anew.

Example:
  pg_replication_exporter healthcheck --exporter=http://127.0.0.1:9717)";

CLI::Option* AddDuration(CLI::App& app, const char* flag, DurationRange range, Duration& out) {
  return app.add_option_function<std::string>(flag, [flag, range, &out](const std::string& text) {
    const Result<Duration> duration = ParseDuration(text, range);
    if (!duration) throw CLI::ValidationError(flag, duration.error().message);
    out = *duration;
  });
}

void AddWatch(CLI::App& app, Command& command) {
  Describe(AddDuration(app, "--watch", kWatchRange, command.watch), "Source", "DURATION",
           fmt::format("How long to watch with --config.file ({})", FormatDuration(command.watch)));
}

void AddExporter(CLI::App& app, Command& command) {
  Describe(app.add_option("--exporter", command.exporter), "Source", "URL",
           fmt::format("The exporter to ask ({})", kDefaultExporter));
  Describe(app.add_option("--exporter.ca-file", command.exporter_ca_file), "Source", "FILE",
           "What an https:// is verified by, if not the system's");
  Describe(app.add_option("--exporter.cert-file", command.exporter_cert_file), "Source", "FILE",
           "A certificate, where it asks for one");
  Describe(app.add_option("--exporter.key-file", command.exporter_key_file), "Source", "FILE",
           "The certificate's key, if in a file of its own");
  Describe(app.add_option("--exporter.user", command.exporter_user), "Source", "NAME",
           "A user, where it asks for a password");
  Describe(app.add_option("--exporter.password-file", command.exporter_password_file), "Source",
           "FILE", "The user's password");
}

void AddSource(CLI::App& app, Flags& flags, Command& command) {
  Describe(app.add_option("--cluster", command.cluster), "What", "NAME",
           "Of this cluster only, where there are several");
  AddExporter(app, command);
  Describe(app.add_option("--config.file", flags.config_file), "Source", "FILE",
           "Watch the servers of this file, without an exporter");
}

// Anew, so that it comes last.
void AddHelp(CLI::App& app) {
  app.set_help_flag("-h,--help", "Print this and exit")->group("Other");
}

CLI::App* Add(CLI::App& app, const char* name, const char* description, std::string_view footer) {
  CLI::App* const sub = app.add_subcommand(name, description);
  sub->group("Sub-commands (each has its own --help)");
  sub->footer(std::string(footer));
  return sub;
}

void AddCheck(CLI::App& app, Flags& flags, Command& command) {
  CLI::App* const check =
      Add(app, "check", "What is wrong, why it matters, and what mends it", kCheckFooter);
  check->callback([&command] { command.kind = CommandKind::kCheck; });
  Describe(AddChoice(*check, "--output", kOutputs, command.format), "What", "FORMAT",
           "text or json (text)");
  Describe(AddChoice(*check, "--for", kPurposes, command.check_for), "What", "PURPOSE",
           "Is it safe now: switchover, restart or upgrade");
  check->add_flag("--print-sql", command.print_sql)
      ->group("What")
      ->description("Every statement that the exporter would send; connects nowhere");
  AddSource(*check, flags, command);
  AddWatch(*check, command);
  AddHelp(*check);
}

void AddWait(CLI::App& app, Flags& flags, Command& command) {
  CLI::App* const wait =
      Add(app, "wait", "Until a standby is no further behind than that", kWaitFooter);
  wait->callback([&command] { command.kind = CommandKind::kWait; });
  Describe(wait->add_option("--standby", command.server), "What", "NAME",
           "As it is named on the page and by `topology`");
  Describe(AddDuration(*wait, "--max-lag", kMaxLagRange, command.max_lag), "What", "DURATION",
           fmt::format("How far behind it may be ({})", FormatDuration(command.max_lag)));
  Describe(AddDuration(*wait, "--timeout", kTimeoutRange, command.timeout), "What", "DURATION",
           fmt::format("How long to wait ({})", FormatDuration(command.timeout)));
  AddSource(*wait, flags, command);
  AddHelp(*wait);
}

void AddWatchCommand(CLI::App& app, Flags& flags, Command& command) {
  CLI::App* const watch =
      Add(app, "watch", "A live picture: who follows whom, how far behind and why", kWatchFooter);
  watch->callback([&command] { command.kind = CommandKind::kWatch; });
  Describe(AddDuration(*watch, "--interval", kIntervalRange, command.interval), "What", "DURATION",
           fmt::format("Between two pictures ({})", FormatDuration(command.interval)));
  watch->add_flag("--plain", command.plain_lines)
      ->group("What")
      ->description("Lines, also on a terminal");
  AddSource(*watch, flags, command);
  AddHelp(*watch);
}

}  // namespace

void AddCommands(CLI::App& app, Flags& flags, Command& command) {
  app.require_subcommand(0, 1);  // so that a server may be called like one of them
  CLI::App* const topology = Add(
      app, "topology", "Who receives WAL from whom, and how far each is behind", kTopologyFooter);
  topology->callback([&command] { command.kind = CommandKind::kTopology; });
  Describe(AddChoice(*topology, "--format", kFormats, command.format), "What", "FORMAT",
           "text, json or dot (text)");
  AddSource(*topology, flags, command);
  AddWatch(*topology, command);
  AddHelp(*topology);

  CLI::App* const explain =
      Add(app, "explain", "Why this server lags, by what evidence, and what to do", kExplainFooter);
  explain->callback([&command] { command.kind = CommandKind::kExplain; });
  explain->add_option("SERVER", command.server)
      ->description("As it is named on the page and by `topology`");
  AddSource(*explain, flags, command);
  AddWatch(*explain, command);
  AddHelp(*explain);
  AddCheck(app, flags, command);
  AddWait(app, flags, command);
  AddWatchCommand(app, flags, command);

  CLI::App* const healthcheck =
      Add(app, "healthcheck", "Whether the exporter that runs answers, for a container engine",
          kHealthcheckFooter);
  healthcheck->callback([&command] { command.kind = CommandKind::kHealthcheck; });
  AddExporter(*healthcheck, command);
  AddHelp(*healthcheck);
}

}  // namespace pgrepl::config
