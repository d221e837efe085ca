// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pgrepl::http {
namespace {

std::string Parts(std::string_view text) {
  const Result<Url> url = ParseUrl(text);
  if (!url) return url.error().message;
  return url->host + " " + url->port + " " + url->authority + " " + url->prefix;
}

TEST(UrlTest, TakesHostsAndAddresses) {
  EXPECT_EQ(Parts("http://127.0.0.1:9717"), "127.0.0.1 9717 127.0.0.1:9717 ");
  EXPECT_EQ(Parts("http://[::1]:9717/"), "::1 9717 [::1]:9717 ");
  EXPECT_EQ(Parts("http://[::1]"), "::1 80 [::1] ");
  EXPECT_EQ(Parts("https://db.example"), "db.example 443 db.example ");
  EXPECT_EQ(Parts("http://db.example/pg/repl/"), "db.example 80 db.example /pg/repl");
}

TEST(UrlTest, SaysWhatIsWrong) {
  const std::string no_port =
      ": what follows the host is not a port; an IPv6 address needs brackets";
  const std::map<std::string, std::string> errors = {
      {"127.0.0.1:9717", "URL '127.0.0.1:9717': it does not begin with http:// or https://"},
      {"https://me:secret@a", "URL (not shown): it has a '@', '?' or '#'"},
      {"http://", "URL '': it has no host"},
      {"http://:9717", "URL ':9717': it has no host"},
      {"http://[]:9717", "URL '[]:9717': it has no host"},
      {"http://::1:9717", "URL '::1:9717': it has no host"},
      {"http://fe80::1", "URL 'fe80::1'" + no_port},
      {"http://[::1]9717", "URL '[::1]9717'" + no_port},
      {"http://a:0", "URL 'a:0'" + no_port},
      {"http://a:65536", "URL 'a:65536'" + no_port},
      {"http://a:x", "URL 'a:x'" + no_port},
      {"http://me:secret@a", "URL (not shown): it has a '@', '?' or '#'"},
      {"http://a/?x", "URL 'a/?x': it has a '@', '?' or '#'"},
      {"http://a\r\nX: y", "URL 'a??X: y': it has a blank or a character that is not ASCII"},
  };
  for (const auto& [text, message] : errors) EXPECT_EQ(Parts(text), message);
}

}  // namespace
}  // namespace pgrepl::http
