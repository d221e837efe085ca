// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pgrepl::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Variables = std::map<std::string, std::string>;

// The test's servers are named by their conninfo; "bad" is one that libpq refuses.
Result<std::string> NameOfConninfo(const std::string& conninfo) {
  if (conninfo.find("bad") != std::string::npos) return Error{"missing = after it"};
  return conninfo.empty() ? "local:5432" : conninfo;
}

Result<Config> Read(const Variables& variables) {
  return FromEnvironment(
      [&](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
      },
      NameOfConninfo);
}

std::vector<std::string> Conninfos(const Variables& variables) {
  std::vector<std::string> conninfos;
  const Result<Config> config = Read(variables);
  if (!config) return {"error: " + config.error().message};
  for (const Server& server : config->clusters.at(0).servers) conninfos.push_back(server.conninfo);
  return conninfos;
}

using Strings = std::vector<std::string>;

TEST(EnvironmentTest, OneConninfoALine) {
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_NAME", "host=a port=1\n\n  host=b\r\n"}}),
            (Strings{"host=a port=1", "host=b"}));
}

TEST(EnvironmentTest, CommaPartsOnlyBeforeAUri) {
  EXPECT_EQ(
      Conninfos({{"DATA_SOURCE_NAME", "postgresql://a,b/x?y=1, postgres://c,postgresql://d"}}),
      (Strings{"postgresql://a,b/x?y=1", "postgres://c", "postgresql://d"}));
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_NAME", "host=a,b,c"}}), Strings{"host=a,b,c"});
}

TEST(EnvironmentTest, MakesOneClusterOfNamedServers) {
  const Result<Config> config = Read({{"DATA_SOURCE_NAME", "host=a\nhost=b"}});
  ASSERT_TRUE(config);
  ASSERT_EQ(config->clusters.size(), 1U);
  EXPECT_EQ(config->clusters[0].name, "default");
  EXPECT_EQ(config->clusters[0].servers[1].name, "host=b");
  EXPECT_EQ(config->clusters[0].servers[1].where, "DATA_SOURCE_NAME, conninfo 2");
  EXPECT_EQ(config->clusters[0].servers[1].max_lag, kDefaultMaxLag);
}

TEST(EnvironmentTest, DataSourceNameGoesFirst) {
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_NAME", "host=a"}, {"DATA_SOURCE_URI", "b"}, {"PGHOST", "c"}}),
            Strings{"host=a"});
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_NAME", " "}, {"DATA_SOURCE_URI", "b"}, {"PGHOST", "c"}}),
            Strings{"postgresql://b"});
}

TEST(EnvironmentTest, UriTakesUserAndPassword) {
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_URI", "h:5432/postgres?sslmode=disable"},
                       {"DATA_SOURCE_USER", "a b"},
                       {"DATA_SOURCE_PASS", "p@:/\xc3\xa4~"}}),
            Strings{"postgresql://a%20b:p%40%3A%2F%C3%A4~@h:5432/postgres?sslmode=disable"});
}

TEST(EnvironmentTest, PasswordFileGoesBeforePassword) {
  const Result<Config> config = Read({{"DATA_SOURCE_URI", "h"},
                                      {"DATA_SOURCE_USER", "u"},
                                      {"DATA_SOURCE_PASS", "old"},
                                      {"DATA_SOURCE_PASS_FILE", "/run/secrets/pg"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->clusters[0].servers[0].conninfo, "postgresql://u@h");
  EXPECT_EQ(config->clusters[0].servers[0].password_file, "/run/secrets/pg");
}

TEST(EnvironmentTest, UserFromAFileIsRefusedRatherThanIgnored) {
  EXPECT_EQ(Conninfos({{"DATA_SOURCE_URI", "h"}, {"DATA_SOURCE_USER_FILE", "/f"}}),
            Strings{"error: DATA_SOURCE_USER_FILE isn't read; only the password can come from a "
                    "file (DATA_SOURCE_PASS_FILE)"});
}

TEST(EnvironmentTest, LibpqReadsItsOwnVariables) {
  for (const char* variable : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"}) {
    const Result<Config> config = Read({{variable, "x"}});
    ASSERT_TRUE(config) << variable;
    EXPECT_EQ(config->clusters[0].servers[0].conninfo, "");
    EXPECT_EQ(config->clusters[0].servers[0].name, "local:5432");
  }
}

TEST(EnvironmentTest, NothingSetExplainsBothWays) {
  const Result<Config> config = Read({{"PGUSER", "u"}, {"PGHOST", ""}});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("--config.file"));
  EXPECT_THAT(config.error().message, HasSubstr("DATA_SOURCE_NAME"));
  EXPECT_THAT(config.error().message, HasSubstr("PGHOST"));
}

TEST(EnvironmentTest, RefusedConninfoIsNamedNotShown) {
  const Result<Config> config = Read({{"DATA_SOURCE_NAME", "host=a\npassword=secret bad"}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, "DATA_SOURCE_NAME, conninfo 2: missing = after it");
  EXPECT_THAT(config.error().message, Not(HasSubstr("secret")));
}

TEST(EnvironmentTest, TwoServersWithOneNameAreRefused) {
  const Result<Config> config = Read({{"DATA_SOURCE_NAME", "a\nb\na"}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            "DATA_SOURCE_NAME, conninfo 3: a second server at a; name each of them in a config "
            "file");
}

}  // namespace
}  // namespace pgrepl::config
