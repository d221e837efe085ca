// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/conninfo.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pgrepl {
namespace {

Conninfo Parsed(const std::string& text) {
  Result<Conninfo> conninfo = Conninfo::Parse(text);
  EXPECT_TRUE(conninfo) << text << ": " << (conninfo ? "" : conninfo.error().message);
  return conninfo ? *conninfo : Conninfo();
}

// All that anybody may see of a conninfo.
std::string Shown(const std::string& text) {
  const Result<Conninfo> conninfo = Conninfo::Parse(text);
  if (!conninfo) return conninfo.error().message + "\n" + conninfo.error().hint;
  std::string shown;
  for (const Conninfo& host : conninfo->Hosts()) shown += host.Redacted() + host.Address() + "\n";
  return shown + conninfo->Redacted() + conninfo->Address();
}

// No two neighbouring characters of it repeat elsewhere, so any two that show are a leak.
constexpr std::string_view kSecret = "Zq9vXw7kPj";

void ExpectNoLeak(const std::string& text) {
  const std::string shown = Shown(text);
  for (std::size_t i = 0; i + 1 < kSecret.size(); ++i) {
    EXPECT_EQ(shown.find(kSecret.substr(i, 2)), std::string::npos) << text << "\n  " << shown;
  }
}

class ConninfoTest : public testing::Test {
 protected:
  ConninfoTest() {
    for (const char* name : {"PGHOST", "PGPORT", "PGUSER", "PGDATABASE"}) unsetenv(name);
  }
};

TEST_F(ConninfoTest, ReadsKeywordsAndUris) {
  for (const char* text : {"host=h port=5433 dbname=d user=u password='p w'",
                           "postgresql://u:p%20w@h:5433/d", "postgres://u:p%20w@h:5433/d"}) {
    const Conninfo conninfo = Parsed(text);
    EXPECT_EQ(conninfo.Get("host"), "h");
    EXPECT_EQ(conninfo.Get("port"), "5433");
    EXPECT_EQ(conninfo.Get("dbname"), "d");
    EXPECT_EQ(conninfo.Get("user"), "u");
    EXPECT_EQ(conninfo.Get("password"), "p w");
    EXPECT_EQ(conninfo.Get("sslmode"), "");
  }
}

TEST_F(ConninfoTest, EmptyMeansDefaults) {
  EXPECT_TRUE(Parsed("").parameters().empty());
  EXPECT_EQ(Parsed("").Address(), "localhost:5432");
}

TEST_F(ConninfoTest, SetReplacesOrAdds) {
  Conninfo conninfo = Parsed("host=a");
  conninfo.Set("host", "b");
  conninfo.Set("port", "1");
  EXPECT_EQ(conninfo.Redacted(), "host=b port=1");
}

TEST_F(ConninfoTest, AddressIsHostAndPort) {
  EXPECT_EQ(Parsed("host=h port=1").Address(), "h:1");
  EXPECT_EQ(Parsed("hostaddr=10.0.0.1").Address(), "10.0.0.1:5432");
  EXPECT_EQ(Parsed("host=h hostaddr=10.0.0.1").Address(), "h:5432");
  EXPECT_EQ(Parsed("host=/run/postgresql").Address(), "/run/postgresql:5432");
  EXPECT_EQ(Parsed("host=@abstract").Address(), "@abstract:5432");
  EXPECT_EQ(Parsed("host=a,b port=1,2").Address(), "a:1");
  EXPECT_EQ(Parsed("postgresql://[2001:db8::1]/d").Address(), "[2001:db8::1]:5432");
}

TEST_F(ConninfoTest, AddressTakesTheEnvironmentAsLibpqDoes) {
  setenv("PGHOST", "from-environment", 1);
  setenv("PGPORT", "7", 1);
  EXPECT_EQ(Parsed("").Address(), "from-environment:7");
  EXPECT_EQ(Parsed("host=h").Address(), "h:7");
  setenv("PGHOST", "", 1);
  EXPECT_EQ(Parsed("").Address(), "localhost:7");
  unsetenv("PGHOST");
  unsetenv("PGPORT");
}

TEST_F(ConninfoTest, HostsAreTakenApart) {
  const auto redacted = [](const char* text) {
    std::vector<std::string> out;
    for (const Conninfo& host : Parsed(text).Hosts()) out.push_back(host.Redacted());
    return out;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(redacted("user=u"), (Texts{"user=u"}));
  EXPECT_EQ(redacted("host=a port=1"), (Texts{"host=a port=1"}));
  EXPECT_EQ(redacted("host=a,b user=u"), (Texts{"host=a user=u", "host=b user=u"}));
  EXPECT_EQ(redacted("host=a,b port=1"), (Texts{"host=a port=1", "host=b port=1"}));
  EXPECT_EQ(redacted("host=a,b port=1,2"), (Texts{"host=a port=1", "host=b port=2"}));
  EXPECT_EQ(redacted("hostaddr=::1,::2"), (Texts{"hostaddr=::1", "hostaddr=::2"}));
  EXPECT_EQ(redacted("host=a,b hostaddr=::1,::2"),
            (Texts{"host=a hostaddr=::1", "host=b hostaddr=::2"}));
  EXPECT_EQ(redacted("postgresql://a:1,b:2/d"),
            (Texts{"host=a port=1 dbname=d", "host=b port=2 dbname=d"}));
}

TEST_F(ConninfoTest, RedactedShowsWhereAndWhoOnly) {
  EXPECT_EQ(Parsed("host=h hostaddr=::1 port=1 dbname=d user=u sslmode=require password=p "
                   "sslpassword=p passfile=/p options='-c a=p' application_name=a sslkey=/k")
                .Redacted(),
            "host=h hostaddr=::1 port=1 dbname=d user=u sslmode=require");
}

TEST_F(ConninfoTest, ErrorsSayWhatIsWrongWithoutRepeatingIt) {
  const auto error = [](const char* text) {
    const Result<Conninfo> conninfo = Conninfo::Parse(text);
    return conninfo ? "none" : conninfo.error().message;
  };
  EXPECT_EQ(error("host"), "conninfo is malformed: missing = after a keyword");
  EXPECT_EQ(error("hots=h"), "conninfo is malformed: invalid connection option");
  EXPECT_EQ(error("password='x"),
            "conninfo is malformed: unterminated quoted string in connection info string");
  EXPECT_EQ(error("postgresql://h?hots=h"), "conninfo is malformed: invalid URI query parameter");
  EXPECT_EQ(error("postgresql://u:%zz@h"), "conninfo is malformed: invalid percent-encoded token");
  EXPECT_EQ(error("postgresql://u:a@b@h"),
            "conninfo is malformed: an @ or a / in the password must be percent-encoded");
  EXPECT_EQ(error("postgresql://u:a/b@h/d"),
            "conninfo is malformed: an @ or a / in the password must be percent-encoded");
  EXPECT_EQ(error("host=hpassword=p"),
            "conninfo is malformed: the value of host holds a password; is a space missing?");
  EXPECT_EQ(error("host=huser=u"),
            "conninfo is malformed: the value of host holds a =; is a space missing?");
  EXPECT_EQ(error("dbname=postgresql://u:p@h"),
            "conninfo is malformed: the value of dbname holds a URI");
  EXPECT_EQ(error("postgresql://u:p"), "conninfo is malformed: the value of port is no number");
  EXPECT_EQ(error("host=u:p@h"), "conninfo is malformed: the value of host holds an @");
}

TEST_F(ConninfoTest, WellFormedPasswordsAreReadAndNotShown) {
  const std::string secret(kSecret);
  for (const std::string& text :
       {"host=h user=u password=" + secret, "host=h password='" + secret + "' user=u",
        "password=" + secret, "host=h sslpassword=" + secret, "postgresql://u:" + secret + "@h/d",
        "postgresql://:" + secret + "@h/d", "postgresql://h/d?password=" + secret,
        "postgresql://u@h/d?user=a@b&password=" + secret + "@x",
        "postgres://u:" + secret + "@a:1,b:2/d", "host=a,b user=u@example.org password=" + secret,
        "host=h password=\\'" + secret + "=/@:"}) {
    EXPECT_TRUE(Conninfo::Parse(text)) << text << Shown(text);
    ExpectNoLeak(text);
  }
}

// One slip of the hand anywhere: a character too many, one that is missing, a string that was cut.
TEST_F(ConninfoTest, MalformedPasswordsNeverLeak) {
  const std::string secret(kSecret);
  const std::vector<std::string> forms = {"host=h port=1 user=u password=" + secret + " dbname=d",
                                          "host=h password='" + secret + "' user=u dbname=d",
                                          "user=u password=" + secret + " host=h",
                                          "sslmode=require password = " + secret,
                                          "postgresql://u:" + secret + "@h:5432/d?sslmode=require",
                                          "postgres://u:" + secret + "@h/d",
                                          "postgresql://u:" + secret + "@[::1]:1,b:2/d",
                                          "postgresql://h/d?user=u&password=" + secret,
                                          "dbname=postgresql://u:" + secret + "@h/d",
                                          "mysql://u:" + secret + "@h/d",
                                          "jdbc:postgresql://h/d?password=" + secret};
  const std::string specials = "'\"\\ \n\t@/:?#%=[]{},&;!$\x01\xff";
  for (const std::string& form : forms) {
    for (std::size_t at = 0; at <= form.size(); ++at) {
      for (const char special : specials) {
        ExpectNoLeak(form.substr(0, at) + special + form.substr(at));
      }
      ExpectNoLeak(form.substr(0, at));
      // Without this colon it is a user's name, and nobody can tell.
      const bool before_password = form.find(":" + secret) == at;
      if (at < form.size() && !before_password) {
        ExpectNoLeak(form.substr(0, at) + form.substr(at + 1));
      }
    }
  }
}

}  // namespace
}  // namespace pgrepl
