// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/web_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kCertificate = "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n";
constexpr const char* kHash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

Result<WebConfig> Parse(const std::string& text) { return ParseWebConfig(text, "/etc/x/web.yml"); }

// Without the path.
std::string WhyNot(const std::string& text) {
  const auto config = Parse(text);
  return config ? "" : config.error().message.substr(std::string("/etc/x/web.yml:").size());
}

TEST(WebConfigTest, NothingAsksForNothing) {
  for (const std::string text : {"", "\n", "# only a comment\n", "tls_server_config: {}\n",
                                 "http_server_config: {}\n", "basic_auth_users: {}\n"}) {
    const auto config = Parse(text);
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_FALSE(config->tls);
    EXPECT_TRUE(config->users.empty());
    EXPECT_TRUE(config->headers.empty());
    EXPECT_EQ(config->rate_limit, RateLimit());
  }
}

TEST(WebConfigTest, ReadsEachKey) {
  const auto config = Parse(
      "tls_server_config:\n"
      "  cert_file: tls/a.crt\n"
      "  key_file: /run/secrets/a.key\n"
      "  client_auth_type: RequireAndVerifyClientCert\n"
      "  client_ca: |\n    PEM\n"
      "  client_allowed_sans: [prometheus.example, 10.0.0.1]\n"
      "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n"
      "  curve_preferences: [X25519, CurveP256]\n"
      "  min_version: TLS10\n"
      "  max_version: TLS12\n"
      "  prefer_server_cipher_suites: false\n"
      "http_server_config:\n"
      "  http2: true\n"
      "  headers:\n"
      "    X-Frame-Options: sameorigin\n"
      "    Strict-Transport-Security: max-age=1; includeSubDomains\n"
      "basic_auth_users:\n"
      "  'a user': " +
      std::string(kHash) +
      "\n"
      "rate_limit:\n"
      "  interval: 100ms\n"
      "  burst: 20\n");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const TlsServerConfig& tls = *config->tls;
  EXPECT_EQ(tls.cert.path, "/etc/x/tls/a.crt");
  EXPECT_EQ(tls.cert.where, "/etc/x/web.yml:2:14: cert_file");
  EXPECT_EQ(tls.key.path, "/run/secrets/a.key");
  EXPECT_EQ(tls.client_ca.text, "PEM\n");
  EXPECT_EQ(tls.client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_THAT(tls.client_allowed_sans, ElementsAre("prometheus.example", "10.0.0.1"));
  EXPECT_THAT(tls.cipher_suites,
              ElementsAre("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"));
  EXPECT_THAT(tls.curves, ElementsAre("X25519", "P-256"));
  EXPECT_EQ(tls.min_version, TlsVersion::k10);
  EXPECT_EQ(tls.max_version, TlsVersion::k12);
  EXPECT_FALSE(tls.prefer_server_cipher_suites);
  EXPECT_EQ(config->headers.at("Strict-Transport-Security"), "max-age=1; includeSubDomains");
  EXPECT_EQ(config->users.at("a user"), kHash);
  EXPECT_EQ(config->rate_limit, (RateLimit{.interval = 100ms, .burst = 20}));
}

TEST(WebConfigTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(WhyNot("tls_server_confg: {}\n"),
            "1:1: unknown web config key 'tls_server_confg'; did you mean 'tls_server_config'?");
  EXPECT_EQ(WhyNot("tls_server_config:\n  cert_fil: x\n"),
            "2:3: unknown tls_server_config key 'cert_fil'; did you mean 'cert_file'?");
  EXPECT_EQ(WhyNot("tls_server_config:\n  cert_file: x\n"),
            "2:3: TLS needs the certificate's key; add key_file");
  EXPECT_EQ(WhyNot("tls_server_config:\n  client_auth_type: NoClientCert\n  key_file: x\n"),
            "2:3: TLS needs a certificate; add cert_file");
  EXPECT_EQ(WhyNot("basic_auth_users:\n"),
            "1:1: basic_auth_users has no value; give it one or leave it out");
  EXPECT_THAT(WhyNot("- a\n"), HasSubstr("must be a map"));
  EXPECT_THAT(WhyNot("a: [\n"), HasSubstr("not YAML"));
}

TEST(WebConfigTest, ChecksWhatBelongsTogether) {
  const std::string tls = kCertificate;
  EXPECT_THAT(WhyNot(tls + "  cert: x\n"), HasSubstr("cert comes beside the same"));
  EXPECT_THAT(WhyNot(tls + "  client_ca_file: x\n"), HasSubstr("add 'client_auth_type:"));
  EXPECT_THAT(WhyNot(tls + "  client_allowed_sans: [x]\n"), HasSubstr("client_allowed_sans needs"));
  EXPECT_THAT(WhyNot(tls + "  client_auth_type: VerifyClientCertIfGiven\n"
                           "  client_allowed_sans: [x]\n"),
              HasSubstr("client_allowed_sans needs"));
  EXPECT_THAT(WhyNot(tls + "  min_version: TLS13\n  max_version: TLS12\n"), HasSubstr("is below"));
  EXPECT_THAT(WhyNot(tls + "  min_version: TLS10\n  max_version: TLS11\n"),
              HasSubstr("max_version must be TLS12 or TLS13"));
}

TEST(WebConfigTest, ChecksWords) {
  const std::string tls = kCertificate;
  EXPECT_THAT(WhyNot(tls + "  min_version: TLS1.2\n"), HasSubstr("did you mean 'TLS12'?"));
  EXPECT_THAT(WhyNot(tls + "  client_auth_type: RequireAndVerify\n"),
              HasSubstr("unknown client_auth_type"));
  EXPECT_THAT(WhyNot(tls + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n"),
              StartsWith("4:19: unknown cipher suite"));
  EXPECT_THAT(WhyNot(tls + "  curve_preferences: [P256]\n"), HasSubstr("unknown curve"));
  EXPECT_THAT(WhyNot("http_server_config:\n  http2: maybe\n"), HasSubstr("write true or false"));
  EXPECT_THAT(WhyNot("http_server_config:\n  headers:\n    Server: x\n"),
              HasSubstr("unknown headers key 'Server'"));
  EXPECT_THAT(WhyNot("http_server_config:\n  headers:\n    X-Frame-Options: allow\n"),
              HasSubstr("deny"));
  EXPECT_THAT(
      WhyNot("http_server_config:\n  headers:\n    X-XSS-Protection: \"0\\r\\nSet-Cookie: a\"\n"),
      HasSubstr("control character"));
}

TEST(WebConfigTest, TakesBcryptOnly) {
  const auto why = [](const std::string& hash) {
    return WhyNot("basic_auth_users:\n  prom: '" + hash + "'\n");
  };
  EXPECT_EQ(why(kHash), "");
  for (const std::string hash :
       {"secret", "$2y$10$tooshort", "$1$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
        "$2x$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
        "$2y$1x$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
        "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z!"}) {
    EXPECT_THAT(why(hash), HasSubstr("must be a bcrypt hash")) << hash;
    EXPECT_THAT(why(hash), testing::Not(HasSubstr(hash)));
  }
  EXPECT_THAT(why("$2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"),
              HasSubstr("cost 31; 4 to 16 will do"));
  EXPECT_THAT(why("$2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"),
              HasSubstr("cost 3;"));
  EXPECT_THAT(WhyNot("basic_auth_users:\n  'a:b': x\n"), HasSubstr("can't have a colon"));
  EXPECT_THAT(WhyNot("basic_auth_users:\n  a: " + std::string(kHash) + "\n  a: x\n"),
              HasSubstr("comes twice; the first is on line 2"));
}

TEST(WebConfigTest, ChecksTheRateLimit) {
  EXPECT_THAT(WhyNot("rate_limit:\n  interval: 1s\n"), HasSubstr("needs a burst"));
  EXPECT_EQ(WhyNot("rate_limit:\n  interval: 0\n"), "");
  EXPECT_THAT(WhyNot("rate_limit:\n  interval: x\n  burst: 1\n"), HasSubstr("not a duration"));
  EXPECT_THAT(WhyNot("rate_limit:\n  interval: 1s\n  burst: 0\n"), HasSubstr("burst is '0'"));
}

}  // namespace
}  // namespace pgrepl::config
