// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace pgrepl::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kCollectors[] = {"lag", "senders", "slots"};
constexpr const char* kExample = PGREPL_SOURCE_DIR "/packaging/pg_replication_exporter.yml";
constexpr const char* kTestdata = PGREPL_SOURCE_DIR "/tests/exporter/config/testdata";

std::string ReadText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Result<Config> ParseText(const std::string& text) { return Parse(text, "/etc/x.yml", kCollectors); }

// One cluster, one server, with more keys for it.
Result<Server> ParseServer(const std::string& keys, const std::string& sections = "") {
  const Result<Config> config = ParseText(sections +
                                          "clusters:\n"
                                          "  - name: main\n"
                                          "    servers:\n"
                                          "      - name: p\n"
                                          "        conninfo: host=p\n" +
                                          keys);
  if (!config) return config.error();
  return config->clusters[0].servers[0];
}

TEST(LoadTest, ExampleLoads) {
  const Result<Config> config = Load(kExample, kCollectors);
  ASSERT_TRUE(config) << config.error().message;
  const Cluster& cluster = config->clusters.at(0);
  EXPECT_EQ(cluster.expected_standbys, 3);
  EXPECT_EQ(cluster.servers.at(0).conninfo, "host=10.0.0.1 user=pgrepl_monitor dbname=postgres");
  EXPECT_EQ(cluster.servers.at(0).password_file, "/run/secrets/pgrepl_monitor");
  EXPECT_EQ(cluster.servers.at(3).password_file, "");
  EXPECT_EQ(cluster.servers.at(3).password_command, "pass show pg4");
}

// "The defaults", it says of its timing keys.
TEST(LoadTest, ExampleShowsTheDefaultTiming) {
  const Timing example = Load(kExample, kCollectors)->timing;
  const Timing defaults;
  EXPECT_EQ(example.pulse_interval, defaults.pulse_interval);
  EXPECT_EQ(example.pulse_deadline, defaults.pulse_deadline);
  EXPECT_EQ(example.interval, defaults.interval);
  EXPECT_EQ(example.slow_interval, defaults.slow_interval);
  EXPECT_EQ(example.connection_lifetime, defaults.connection_lifetime);
  EXPECT_EQ(example.remember_vanished, defaults.remember_vanished);
}

// The errors list the known keys, so the keys that the loader takes are read from there.
TEST(LoadTest, ExampleHasEveryKey) {
  const std::string example = ReadText(kExample);
  const std::string good = "clusters: [{name: a, servers: [{name: p, conninfo: host=p}]}]\n";
  for (const std::string& text :
       {std::string("zzzzzzzz: 1"), std::string("defaults: {zzzzzzzz: 1}\nclusters: []"),
        std::string("timing: {zzzzzzzz: 1}\nclusters: []"),
        std::string("clusters: [{zzzzzzzz: 1}]"),
        std::string("clusters: [{name: a, servers: [{zzzzzzzz: 1}]}]"),
        good + "queries: [{zzzzzzzz: 1}]",
        good + "queries: [{name: a, statements: [{zzzzzzzz: 1}]}]",
        good + "queries: [{name: a, sql: a, metrics: [{zzzzzzzz: 1}]}]"}) {
    const std::string message = ParseText(text).error().message;
    std::istringstream keys(message.substr(message.find("known: ") + 7));
    for (std::string key; std::getline(keys >> std::ws, key, ',');) {
      EXPECT_THAT(example, HasSubstr(key + ":")) << message;
    }
  }
}

TEST(LoadTest, LeastConfigTakesDefaults) {
  const Result<Server> server = ParseServer("");
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->name, "p");
  EXPECT_EQ(server->conninfo, "host=p");
  EXPECT_EQ(server->password_file, "");
  EXPECT_EQ(server->purpose, ServerPurpose::kOrdinary);
  EXPECT_EQ(server->max_lag, 60s);
  EXPECT_EQ(server->where, "/etc/x.yml:4");
}

TEST(LoadTest, ServerGoesBeforeDefaults) {
  const std::string defaults = "defaults:\n  password_file: /f\n  max_lag: 5s\n";
  EXPECT_EQ(ParseServer("", defaults)->password_file, "/f");
  EXPECT_EQ(ParseServer("", defaults)->max_lag, 5s);
  const Result<Server> server =
      ParseServer("        password_command: pass\n        max_lag: 7s\n", defaults);
  EXPECT_EQ(server->password_file, "");
  EXPECT_EQ(server->password_command, "pass");
  EXPECT_EQ(server->max_lag, 7s);
}

TEST(LoadTest, RoleOnlyRaisesMaxLag) {
  EXPECT_EQ(ParseServer("        role: delayed\n")->max_lag, 60s);
  EXPECT_EQ(ParseServer("        role: dr\n")->max_lag, 5min);
  EXPECT_EQ(ParseServer("        role: archive\n")->max_lag, 15min);
  EXPECT_EQ(ParseServer("        role: reporting\n")->max_lag, 1h);
  EXPECT_EQ(ParseServer("        role: dr\n", "defaults: {max_lag: 5s}\n")->max_lag, 5min);
  EXPECT_EQ(ParseServer("        role: dr\n", "defaults: {max_lag: 2h}\n")->max_lag, 2h);
  EXPECT_EQ(ParseServer("        role: dr\n        max_lag: 5s\n")->max_lag, 5s);
}

TEST(LoadTest, RelativePathsStartAtTheConfigFile) {
  EXPECT_EQ(ParseServer("        password_file: pg.pass\n")->password_file, "/etc/pg.pass");
  EXPECT_EQ(ParseServer("        archive_directory: /wal\n")->archive_directory, "/wal");
  EXPECT_TRUE(ParseServer("        max_lag: 5s\n")->upstream_is_primary);
  EXPECT_FALSE(ParseServer("        upstream_is_primary: false\n")->upstream_is_primary);
  EXPECT_EQ(ParseServer("        wal_directory: pg_wal\n")->wal_directory, "/etc/pg_wal");
  EXPECT_EQ(ParseServer("        password_command: pass pg\n")->password_command, "pass pg");
}

TEST(LoadTest, SizeOfTheWalFilesystem) {
  EXPECT_EQ(ParseServer("")->wal_filesystem_size, std::nullopt);
  EXPECT_EQ(ParseServer("        wal_filesystem_size: 100GB\n")->wal_filesystem_size,
            107374182400.0);
}

TEST(LoadTest, CollectorsAndTiming) {
  const Result<Config> config = ParseText(
      "collectors: {slots: false, lag: true}\n"
      "timing: {pulse_interval: 200ms, interval: 15s}\n"
      "clusters: [{name: a, expected_primaries: 0, servers: [{name: p, conninfo: host=p}]}]\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->collectors.at("slots"));
  EXPECT_TRUE(config->collectors.at("lag"));
  EXPECT_EQ(config->collectors.count("senders"), 0U);
  EXPECT_EQ(config->timing.pulse_interval, 200ms);
  EXPECT_EQ(config->timing.interval, 15s);
  EXPECT_EQ(config->timing.pulse_deadline, Timing{}.pulse_deadline);
  EXPECT_EQ(config->clusters[0].expected_primaries, 0);
  EXPECT_EQ(config->clusters[0].expected_standbys, std::nullopt);
}

TEST(LoadTest, NamesMayBeAnyUtf8) {
  const Result<Config> config = ParseText(
      "clusters:\n"
      "- {name: \"\xd0\xb1\xd0\xb0\xd0\xb7\xd0\xb0 \xf0\x9f\x90\x98\",\n"
      "   servers: [{name: 1, conninfo: host=p}, {name: 'a \"b\"', conninfo: host=q}]}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->clusters[0].name, "\xd0\xb1\xd0\xb0\xd0\xb7\xd0\xb0 \xf0\x9f\x90\x98");
  EXPECT_EQ(config->clusters[0].servers[0].name, "1");
  EXPECT_EQ(config->clusters[0].servers[1].name, "a \"b\"");
}

TEST(LoadTest, OneServerNameInTwoClustersIsFine) {
  EXPECT_TRUE(
      ParseText("clusters:\n"
                "- {name: a, servers: [{name: p, conninfo: host=a}]}\n"
                "- {name: b, servers: [{name: p, conninfo: host=b}]}\n"));
}

// Each file's first line holds the error it must give, without the path in front.
TEST(LoadTest, InvalidFilesSayWhatIsWrong) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kTestdata)) {
    ++files;
    std::string expected;
    std::ifstream file(entry.path());
    std::getline(file, expected);
    ASSERT_THAT(expected, StartsWith("# error: ")) << entry.path();
    expected.replace(0, std::string("# error: ").size(), entry.path().string() + ":");
    const Result<Config> config = Load(entry.path(), kCollectors);
    ASSERT_FALSE(config) << entry.path();
    EXPECT_EQ(config.error().message, expected);
    EXPECT_THAT(config.error().message, Not(HasSubstr("hunter2")));
  }
  EXPECT_GT(files, 40);
}

TEST(LoadTest, UnreadableFilesSayWhy) {
  EXPECT_EQ(Load("/nowhere/x.yml", kCollectors).error().message,
            "cannot read the config file /nowhere/x.yml: No such file or directory");
  EXPECT_EQ(Load("/tmp", kCollectors).error().message,
            "cannot read the config file /tmp: Is a directory");
}

TEST(LoadTest, EmptyTextIsAnError) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "~"}) {
    EXPECT_EQ(ParseText(text).error().message,
              "/etc/x.yml:1:1: the file is empty; list one cluster at least under 'clusters:'");
  }
}

TEST(LoadTest, HugeFilesAreRefused) {
  EXPECT_EQ(ParseText(std::string((4U << 20) + 1, '#')).error().message,
            "/etc/x.yml:1:1: the file is larger than 4 MB");
  EXPECT_THAT(Load("/dev/zero", kCollectors).error().message, HasSubstr("larger than 4 MB"));
}

TEST(LoadTest, DeepNestingIsAnError) {
  EXPECT_FALSE(ParseText(std::string(100'000, '[')));
  EXPECT_FALSE(ParseText(std::string(100'000, '{')));
  std::string deep = "clusters: ";
  for (int i = 0; i < 100'000; ++i) deep += "- ";
  EXPECT_FALSE(ParseText(deep));
}

// yaml-cpp's LoadAll goes on for ever here.
TEST(LoadTest, StrayCommaIsAnError) {
  EXPECT_THAT(ParseText("clusters: []\n,\n").error().message, HasSubstr("x.yml:2:1: "));
  EXPECT_THAT(ParseText(",").error().message, HasSubstr("x.yml:1:1: "));
}

TEST(LoadTest, RepeatedAliasesStayBounded) {
  std::string text = "clusters:\n- name: a\n  servers: &s\n";
  for (int i = 0; i < 500; ++i) {
    text += "  - {name: s" + std::to_string(i) + ", conninfo: host=p}\n";
  }
  EXPECT_TRUE(ParseText(text));
  for (int i = 0; i < 20; ++i) text += "- {name: b" + std::to_string(i) + ", servers: *s}\n";
  EXPECT_THAT(ParseText(text).error().message, HasSubstr("more than 10000 servers"));
  EXPECT_FALSE(ParseText("clusters: &c [*c]\n"));
}

}  // namespace
}  // namespace pgrepl::config
