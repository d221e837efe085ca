// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace pgrepl::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kCollectors[] = {"lag", "slots", "archive_backlog"};

Result<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/pg_replication_exporter");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data(), "0.1.0",
                          kCollectors);
}

Flags FlagsOf(const std::vector<const char*>& arguments) {
  const Result<CommandLine> line = Parse(arguments);
  EXPECT_TRUE(line) << line.error().message;
  return line ? line->flags : Flags{};
}

std::string ErrorOf(const std::vector<const char*>& arguments) {
  const Result<CommandLine> line = Parse(arguments);
  return line ? "" : line.error().message;
}

TEST(FlagsTest, DefaultsWithoutArguments) {
  const Flags flags = FlagsOf({});
  EXPECT_EQ(flags.config_file, "");
  EXPECT_THAT(flags.listen_addresses, ElementsAre(":9717"));
  EXPECT_EQ(flags.telemetry_path, "/metrics");
  EXPECT_EQ(flags.shard.Text(), "0/1");
  EXPECT_EQ(flags.log_level, log::Level::kInfo);
  EXPECT_EQ(flags.log_format, log::Format::kLogfmt);
  EXPECT_TRUE(flags.collectors.empty());
}

TEST(FlagsTest, ValueAfterEqualsOrBlank) {
  for (const Flags& flags : {FlagsOf({"--config.file=/etc/x.yml", "--web.telemetry-path=/m",
                                      "--log.level=debug", "--log.format=json"}),
                             FlagsOf({"--config.file", "/etc/x.yml", "--web.telemetry-path", "/m",
                                      "--log.level", "debug", "--log.format", "json"})}) {
    EXPECT_EQ(flags.config_file, "/etc/x.yml");
    EXPECT_EQ(flags.telemetry_path, "/m");
    EXPECT_EQ(flags.log_level, log::Level::kDebug);
    EXPECT_EQ(flags.log_format, log::Format::kJson);
  }
}

TEST(FlagsTest, ListenAddressesAddUpAndReplaceTheDefault) {
  EXPECT_THAT(FlagsOf({"--web.listen-address=10.0.0.1:80", "--web.listen-address", "[::1]:81"})
                  .listen_addresses,
              ElementsAre("10.0.0.1:80", "[::1]:81"));
}

TEST(FlagsTest, LastOfRepeatedFlagsCounts) {
  EXPECT_EQ(FlagsOf({"--config.file=a", "--config.file=b"}).config_file, "b");
  EXPECT_EQ(FlagsOf({"--log.level=debug", "--log.level=warn"}).log_level, log::Level::kWarn);
}

TEST(FlagsTest, CollectorsGoOnAndOff) {
  using Map = std::map<std::string, bool, std::less<>>;
  EXPECT_EQ(FlagsOf({"--collector.lag", "--no-collector.archive_backlog"}).collectors,
            (Map{{"lag", true}, {"archive_backlog", false}}));
  EXPECT_EQ(FlagsOf({"--collector.lag", "--no-collector.lag"}).collectors, (Map{{"lag", false}}));
  EXPECT_EQ(FlagsOf({"--no-collector.lag", "--collector.lag"}).collectors, (Map{{"lag", true}}));
}

TEST(FlagsTest, ErrorsAreOneLineWithTheRemedy) {
  const std::map<std::string, std::vector<const char*>> errors = {
      {"unknown flag '--config.fil'; did you mean --config.file?", {"--config.fil=/etc/x.yml"}},
      {"unknown flag '--no-collector.slot'; did you mean --no-collector.slots?",
       {"--no-collector.slot"}},
      {"unknown flag '--frobnicate'; see --help", {"--frobnicate"}},
      {"unknown flag '-x'; see --help", {"-x"}},
      {"unknown sub-command 'serve'; known: topology, explain, check, wait, watch, "
       "healthcheck",
       {"--log.level=warn", "serve"}},
      {"unknown sub-command (not shown); known: topology, explain, check, wait, watch, "
       "healthcheck",
       {"password=secret"}},
      {"--log.level: unknown value 'inof'; did you mean 'info'?", {"--log.level=inof"}},
      {"--log.format: unknown value 'xml'; known: logfmt, json", {"--log.format=xml"}},
      {"--log.level: 1 required value missing", {"--log.level"}},
      {"--config.file: needs a value", {"--config.file", ""}},
      {"--web.listen-address: needs a value", {"--web.listen-address", ""}},
      {"--shard: '3/3' is not a shard; write i/N with i from 0 to N-1 and N up to 10000, such as "
       "0/3 (or a name that ends in -i, as a pod's)",
       {"--shard=3/3"}},
      {"--web.telemetry-path: 'metrics' is not a path; write one like /metrics",
       {"--web.telemetry-path=metrics"}},
      {"--web.telemetry-path: '/' is not a path; write one like /metrics",
       {"--web.telemetry-path=/"}},
      {"collector.lag was given a disallowed flag override", {"--collector.lag=maybe"}},
  };
  for (const auto& [message, arguments] : errors) EXPECT_EQ(ErrorOf(arguments), message);
}

TEST(FlagsTest, VersionIsOneLine) {
  EXPECT_EQ(Parse({"--version"})->printout, "pg_replication_exporter 0.1.0\n");
}

TEST(FlagsTest, HelpNamesEverything) {
  EXPECT_EQ(Parse({"--help"})->printout,
            R"(Watches PostgreSQL streaming replication, for Prometheus.
Usage: pg_replication_exporter [FLAGS] [SUB-COMMAND]

Servers:
  --config.file FILE                Clusters and servers to watch, in YAML
  --shard i/N                       Watch this one's part of the clusters, i from 0 (0/1)

Web:
  --web.listen-address HOST:PORT    Where to listen; may be repeated (:9717)
  --web.telemetry-path PATH         Route of the metrics (/metrics)
  --web.config.file FILE            TLS, passwords and headers, in the YAML of all exporters
  --web.enable-lifecycle            Allow POST /-/reload, which does what SIGHUP does

Log:
  --log.level LEVEL                 debug, info, warn or error (info)
  --log.format FORMAT               logfmt or json (logfmt)

Other:
  -h,--help                         Print this and exit
  --version                         Print the version and exit

Sub-commands (each has its own --help):
  topology                          Who receives WAL from whom, and how far each is behind
  explain                           Why this server lags, by what evidence, and what to do
  check                             What is wrong, why it matters, and what mends it
  wait                              Until a standby is no further behind than that
  watch                             A live picture: who follows whom, how far behind and why
  healthcheck                       Whether the exporter that runs answers, for a container engine

Collectors, on or off whatever the config file says:
  --[no-]collector.NAME             NAME: lag, slots, archive_backlog

Without --config.file one cluster, 'default', comes from DATA_SOURCE_NAME (a conninfo a line), from
DATA_SOURCE_URI with DATA_SOURCE_USER and DATA_SOURCE_PASS_FILE, or from libpq's PGHOST, PGPORT, ...
Exit codes: 0 stopped when asked to, 1 can't run, 2 can't understand the command line.

Examples:
  pg_replication_exporter --config.file=/etc/pg_replication_exporter/config.yml
  pg_replication_exporter --web.listen-address=10.0.0.1:9717 --web.listen-address=[::1]:9717
  PGHOST=/run/postgresql pg_replication_exporter --log.level=debug --no-collector.slots
)");
  EXPECT_EQ(Parse({"-h"})->printout, Parse({"--frobnicate", "--help"})->printout);
}

TEST(SubCommandTest, WithoutOneItServes) {
  EXPECT_EQ(Parse({"--log.level=warn"})->command.kind, CommandKind::kServe);
}

TEST(SubCommandTest, Topology) {
  const Command defaults = Parse({"topology"})->command;
  EXPECT_EQ(defaults.kind, CommandKind::kTopology);
  EXPECT_EQ(defaults.format, ReportFormat::kText);
  EXPECT_EQ(defaults.exporter, "");
  EXPECT_EQ(defaults.watch, 5s);
  const Command command = Parse({"topology", "--format", "dot", "--cluster=main", "--watch=1m",
                                 "--exporter=http://[::1]:1"})
                              ->command;
  EXPECT_EQ(command.format, ReportFormat::kDot);
  EXPECT_EQ(command.cluster, "main");
  EXPECT_EQ(command.watch, 60s);
  EXPECT_EQ(command.exporter, "http://[::1]:1");
}

TEST(SubCommandTest, ExplainTakesAServerOfAnyName) {
  for (const char* server : {"s1", "topology", "explain"}) {
    const auto line = Parse({"explain", server, "--cluster=main"});
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->command.kind, CommandKind::kExplain);
    EXPECT_EQ(line->command.server, server);
    EXPECT_EQ(line->command.cluster, "main");
  }
}

TEST(SubCommandTest, Check) {
  EXPECT_EQ(Parse({"check"})->command.check_for, CheckFor::kHealth);
  const Command command = Parse({"check", "--for=switchover", "--output=json"})->command;
  EXPECT_EQ(command.kind, CommandKind::kCheck);
  EXPECT_EQ(command.check_for, CheckFor::kSwitchover);
  EXPECT_EQ(command.format, ReportFormat::kJson);
  EXPECT_FALSE(command.print_sql);
  EXPECT_TRUE(Parse({"check", "--print-sql"})->command.print_sql);
}

TEST(SubCommandTest, WaitAndWatch) {
  const Command wait = Parse({"wait", "--standby=s1", "--max-lag=500ms", "--timeout=1h"})->command;
  EXPECT_EQ(wait.kind, CommandKind::kWait);
  EXPECT_EQ(wait.server, "s1");
  EXPECT_EQ(wait.max_lag, 500ms);
  EXPECT_EQ(wait.timeout, 1h);
  const Command watch = Parse({"watch", "--interval=5s", "--plain"})->command;
  EXPECT_EQ(watch.kind, CommandKind::kWatch);
  EXPECT_EQ(watch.interval, 5s);
  EXPECT_TRUE(watch.plain_lines);
}

TEST(SubCommandTest, TheConfigFileMayStandBeforeOrAfterIt) {
  EXPECT_EQ(Parse({"--config.file=a.yml", "topology"})->flags.config_file, "a.yml");
  EXPECT_EQ(Parse({"topology", "--config.file=a.yml"})->flags.config_file, "a.yml");
}

TEST(SubCommandTest, ErrorsAreOneLineWithTheRemedy) {
  const std::map<std::string, std::vector<const char*>> errors = {
      {"unknown sub-command 'topolgy'; did you mean 'topology'?", {"topolgy"}},
      {"unknown flag '--fromat'; did you mean --format?", {"topology", "--fromat=dot"}},
      {"unknown flag '--format'; see --help", {"explain", "s1", "--format=dot"}},
      {"--format: unknown value 'dto'; did you mean 'dot'?", {"topology", "--format=dto"}},
      {"unexpected argument 's1'; see topology --help", {"topology", "s1"}},
      {"explain needs a server: pg_replication_exporter explain SERVER", {"explain"}},
      {"wait needs a standby: pg_replication_exporter wait --standby=NAME", {"wait"}},
      {"--output: unknown value 'dot'; known: text, json", {"check", "--output=dot"}},
      {"--for: unknown value 'restar'; did you mean 'restart'?", {"check", "--for=restar"}},
      {"unexpected argument 's2'; see explain --help", {"explain", "s1", "s2"}},
      {"--web.listen-address is not for topology; see topology --help",
       {"--web.listen-address=:1", "topology"}},
      {"--collector.lag is not for explain; see explain --help",
       {"--no-collector.lag", "explain", "s1"}},
      {"--watch: 5 has no unit; write 5s, 5ms or 5m", {"topology", "--watch=5"}},
      {"--watch: '1d' is out of range; write 1s to 10m", {"topology", "--watch=1d"}},
      {"--cluster: needs a value", {"topology", "--cluster", ""}},
  };
  for (const auto& [message, arguments] : errors) EXPECT_EQ(ErrorOf(arguments), message);
}

TEST(SubCommandTest, EachHasItsHelp) {
  EXPECT_THAT(Parse({"topology", "--help"})->printout,
              HasSubstr("Usage: pg_replication_exporter topology [FLAGS]\n"));
  const std::string help = Parse({"explain", "--help"})->printout;
  EXPECT_THAT(help, HasSubstr("Usage: pg_replication_exporter explain [FLAGS] SERVER\n"));
  EXPECT_THAT(help, HasSubstr("--watch DURATION                  How long to watch"));
  EXPECT_THAT(help, ::testing::Not(HasSubstr("--format")));
}

}  // namespace
}  // namespace pgrepl::config
