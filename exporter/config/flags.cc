// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/flags.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "exporter/config/commands.h"
#include "exporter/config/nearest.h"
#include "exporter/config/option.h"

namespace pgrepl::config {
namespace {

constexpr const char* kProgram = "pg_replication_exporter";
constexpr std::size_t kColumn = 36;  // of the descriptions in --help

constexpr std::string_view kFooter = R"(
Collectors, on or off whatever the config file says:
  --[no-]collector.NAME             NAME: {collectors}

Without --config.file one cluster, 'default', comes from DATA_SOURCE_NAME (a conninfo a line), from
DATA_SOURCE_URI with DATA_SOURCE_USER and DATA_SOURCE_PASS_FILE, or from libpq's PGHOST, PGPORT, ...
Exit codes: 0 stopped when asked to, 1 can't run, 2 can't understand the command line.

Examples:
  {program} --config.file=/etc/pg_replication_exporter/config.yml
  {program} --web.listen-address=10.0.0.1:9717 --web.listen-address=[::1]:9717
  PGHOST=/run/postgresql {program} --log.level=debug --no-collector.slots)";

// Routes are matched exactly, so only characters that can't mean anything else.
std::string CheckRoute(const std::string& path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~";
  const bool is_route =
      path.size() > 1 && path[0] == '/' && path.find_first_not_of(kPlain) == path.npos;
  return is_route ? std::string() : Quoted(path) + " is not a path; write one like /metrics";
}

constexpr Choice<log::Level> kLevels[] = {{"debug", log::Level::kDebug},
                                          {"info", log::Level::kInfo},
                                          {"warn", log::Level::kWarn},
                                          {"error", log::Level::kError}};
constexpr Choice<log::Format> kFormats[] = {{"logfmt", log::Format::kLogfmt},
                                            {"json", log::Format::kJson}};

CLI::Option* AddShard(CLI::App& app, Shard& out) {
  return app.add_option_function<std::string>("--shard", [&out](const std::string& text) {
    const Result<Shard> shard = ParseShard(text);
    if (!shard) throw CLI::ValidationError("--shard", shard.error().message);
    out = *shard;
  });
}

void AddFlags(CLI::App& app, Flags& flags) {
  Describe(app.add_option("--config.file", flags.config_file), "Servers", "FILE",
           "Clusters and servers to watch, in YAML");
  Describe(AddShard(app, flags.shard), "Servers", "i/N",
           fmt::format("Watch this one's part of the clusters, i from 0 ({})", flags.shard.Text()));
  auto* const listen = app.add_option("--web.listen-address", flags.listen_addresses);
  Describe(listen, "Web", "HOST:PORT",
           fmt::format("Where to listen; may be repeated ({})", flags.listen_addresses[0]));
  listen->allow_extra_args(false)->take_all();
  Describe(app.add_option("--web.telemetry-path", flags.telemetry_path)->check(CheckRoute), "Web",
           "PATH", fmt::format("Route of the metrics ({})", flags.telemetry_path));
  Describe(app.add_option("--web.config.file", flags.web_config_file), "Web", "FILE",
           "TLS, passwords and headers, in the YAML of all exporters");
  app.add_flag("--web.enable-lifecycle", flags.lifecycle)
      ->group("Web")
      ->description("Allow POST /-/reload, which does what SIGHUP does");
  Describe(AddChoice(app, "--log.level", kLevels, flags.log_level), "Log", "LEVEL",
           "debug, info, warn or error (info)");
  Describe(AddChoice(app, "--log.format", kFormats, flags.log_format), "Log", "FORMAT",
           "logfmt or json (logfmt)");
}

// In no group, so that --help doesn't list each; the footer does.
void AddCollectorFlags(CLI::App& app, Flags& flags, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    app.add_flag_function(fmt::format("--collector.{0},!--no-collector.{0}", name),
                          [&flags, name](std::int64_t on) {
                            flags.collectors.insert_or_assign(std::string(name), on > 0);
                          })
        ->disable_flag_override()
        ->take_last()
        ->group("");
  }
}

// CLI11 leaves two blank lines between groups. explain's SERVER is optional to it only so
// that an unknown flag is told first.
std::string Help(const CLI::App& app) {
  std::string text = app.help();
  if (const auto at = text.find("[SERVER]"); at != text.npos) text.replace(at, 8, "SERVER");
  for (std::size_t at = 0; (at = text.find("\n\n\n", at)) != text.npos;) text.erase(at, 1);
  return text;
}

// CLI11 would only say that the argument was not expected. `app` is the program or a sub-command.
std::string ExplainUnknown(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  const std::vector<std::string_view> known(flags.begin(), flags.end());
  const std::string_view flag = std::string_view(argument).substr(0, argument.find('='));
  const std::string_view nearest = Nearest(flag, known);
  return fmt::format("unknown flag {}; {}", Quoted(flag),
                     nearest.empty() ? "see --help" : fmt::format("did you mean {}?", nearest));
}

std::string ExplainExtra(const CLI::App& app, const std::string& argument) {
  if (argument.starts_with('-')) return ExplainUnknown(app, argument);
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands({})) commands.push_back(sub->get_name());
  if (commands.empty()) {
    return fmt::format("unexpected argument {}; see {} --help", Quoted(argument), app.get_name());
  }
  const std::vector<std::string_view> known(commands.begin(), commands.end());
  return Unknown("sub-command", argument, known);
}

// What only serving needs would be ignored beside a sub-command.
std::string ExplainUnused(const CLI::App& app, const CLI::App& sub) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->check_lname("config.file")) continue;
    return fmt::format("--{} is not for {}; see {} --help", option->get_lnames().front(),
                       sub.get_name(), sub.get_name());
  }
  return "";
}

// What is wrong with arguments that CLI11 has accepted; empty when nothing is.
std::string Complaint(const CLI::App& app, const Command& command) {
  const std::vector<CLI::App*> subs = app.get_subcommands();
  for (const CLI::App* parsed : subs) {
    if (const auto rest = parsed->remaining(); !rest.empty()) {
      return ExplainExtra(*parsed, rest.front());
    }
    if (std::string unused = ExplainUnused(app, *parsed); !unused.empty()) return unused;
  }
  if (const auto rest = app.remaining(); !rest.empty()) return ExplainExtra(app, rest.front());
  if (!command.server.empty()) return "";
  if (command.kind == CommandKind::kExplain) {
    return fmt::format("explain needs a server: {} explain SERVER", kProgram);
  }
  const bool lacks = command.kind == CommandKind::kWait;
  return lacks ? fmt::format("wait needs a standby: {} wait --standby=NAME", kProgram) : "";
}

}  // namespace

Result<CommandLine> ParseCommandLine(int argc, const char* const* argv, std::string_view version,
                                     std::span<const std::string_view> collector_names) {
  CommandLine line;
  CLI::App app("Watches PostgreSQL streaming replication, for Prometheus.", kProgram);
  app.get_formatter()->column_width(kColumn);
  app.get_formatter()->label("OPTIONS", "FLAGS");
  app.get_formatter()->label("SUBCOMMAND", "SUB-COMMAND");
  app.get_formatter()->label("Positionals", "Argument");
  app.footer(fmt::format(kFooter, fmt::arg("program", kProgram),
                         fmt::arg("collectors", fmt::join(collector_names, ", "))));
  AddFlags(app, line.flags);
  AddCollectorFlags(app, line.flags, collector_names);
  app.set_help_flag("-h,--help", "Print this and exit")->group("Other");
  app.set_version_flag("--version", fmt::format("{} {}\n", kProgram, version),
                       "Print the version and exit")
      ->group("Other");
  app.allow_extras();
  AddCommands(app, line.flags, line.command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return CommandLine{.printout = Help(app)};
  } catch (const CLI::CallForVersion& wanted) {
    return CommandLine{.printout = wanted.what()};
  } catch (const CLI::ParseError& error) {
    return Error{error.what()};
  }
  if (std::string complaint = Complaint(app, line.command); !complaint.empty()) {
    return Error{std::move(complaint)};
  }
  return line;
}

}  // namespace pgrepl::config
