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

constexpr std::string_view kHealthcheckFooter = R"(
GET URL/-/healthy. Exit code 0 if it is, 1 with the reason if not. No server is asked: one that is
down is no reason to start the exporter anew.

Example:
  pg_replication_exporter healthcheck --exporter=http://127.0.0.1:9717)";

void AddWatch(CLI::App& app, Command& command) {
  const auto take = [&command](const std::string& text) {
    const Result<Duration> watch = ParseDuration(text, kWatchRange);
    if (!watch) throw CLI::ValidationError("--watch", watch.error().message);
    command.watch = *watch;
  };
  Describe(app.add_option_function<std::string>("--watch", take), "Source", "DURATION",
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
  AddWatch(app, command);
  // Anew, so that it comes last.
  app.set_help_flag("-h,--help", "Print this and exit")->group("Other");
}

CLI::App* Add(CLI::App& app, const char* name, const char* description, std::string_view footer) {
  CLI::App* const sub = app.add_subcommand(name, description);
  sub->group("Sub-commands (each has its own --help)");
  sub->footer(std::string(footer));
  return sub;
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

  CLI::App* const explain =
      Add(app, "explain", "Why this server lags, by what evidence, and what to do", kExplainFooter);
  explain->callback([&command] { command.kind = CommandKind::kExplain; });
  explain->add_option("SERVER", command.server)
      ->description("As it is named on the page and by `topology`");
  AddSource(*explain, flags, command);

  CLI::App* const healthcheck =
      Add(app, "healthcheck", "Whether the exporter that runs answers, for a container engine",
          kHealthcheckFooter);
  healthcheck->callback([&command] { command.kind = CommandKind::kHealthcheck; });
  AddExporter(*healthcheck, command);
  healthcheck->set_help_flag("-h,--help", "Print this and exit")->group("Other");
}

}  // namespace pgrepl::config
