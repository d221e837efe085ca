// Handshakes with a real server.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "exporter/http/server.h"
#include "exporter/http/web_config_file.h"
#include "tests/exporter/http/tls_client.h"

namespace pgrepl::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    Write("server.crt", server_.certificate);
    Write("server.key", server_.key);
    Write("ca.crt", authority_.certificate());
  }
  void TearDown() override {
    http_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  // A web configuration with these further keys of tls_server_config.
  Result<std::unique_ptr<WebConfigFile>> Open(const std::string& keys) {
    Write("web.yml",
          "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n" + keys);
    return WebConfigFile::Open(
        folder_ / "web.yml", [this](bool good) { loaded_ = good; }, std::chrono::milliseconds(20));
  }

  int Serve(const std::string& keys = "") {
    auto opened = Open(keys);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    http_.reset();
    config_ = *std::move(opened);
    http_ = *Server::Start(
        {.listen_addresses = {"127.0.0.1:0"}, .threads = 4, .web_config = config_.get()},
        {{.path = "/x", .handler = [](const Request&) { return Response{.body = "page"}; }}});
    return http_->ports().at(0);
  }

  std::string WhyNot(const std::string& keys) {
    const auto opened = Open(keys);
    return opened ? "" : opened.error().message.substr(folder_.string().size() + 1);
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tls_test." + std::to_string(getpid()));
  const Authority authority_;
  const Authority stranger_;
  const Identity server_ = authority_.Issue("DNS:first");
  const Identity client_ = authority_.Issue("DNS:prometheus.example,IP:10.0.0.1,URI:spiffe://x/y");
  const Identity forged_ = stranger_.Issue("DNS:prometheus.example");
  std::atomic<bool> loaded_ = false;
  std::unique_ptr<WebConfigFile> config_;
  std::unique_ptr<Server> http_;
};

TEST_F(TlsTest, SpeaksBothVersions) {
  const int port = Serve();
  EXPECT_EQ(GetByTls(port, "/x").version, "TLSv1.3");
  EXPECT_EQ(GetByTls(port, "/x", {.max_version = TLS1_2_VERSION}).version, "TLSv1.2");
  EXPECT_THAT(GetByTls(port, "/x").text, EndsWith("page"));
  EXPECT_EQ(GetByTls(port, "/x", {.max_version = TLS1_1_VERSION}).version, "");
}

TEST_F(TlsTest, KeepsToVersionsAndSuites) {
  EXPECT_EQ(
      GetByTls(Serve("  min_version: TLS13\n"), "/x", {.max_version = TLS1_2_VERSION}).version, "");
  EXPECT_EQ(GetByTls(Serve("  max_version: TLS12\n"), "/x").version, "TLSv1.2");
  const int port = Serve("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n");
  EXPECT_EQ(GetByTls(port, "/x", {.max_version = TLS1_2_VERSION}).cipher,
            "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(GetByTls(port, "/x",
                     {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"})
                .version,
            "");
  const int only_13 = Serve("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n");
  EXPECT_EQ(GetByTls(only_13, "/x", {.max_version = TLS1_2_VERSION}).version, "");
  EXPECT_EQ(GetByTls(only_13, "/x").version, "TLSv1.3");
}

TEST_F(TlsTest, WhoseOrderOfSuitesCounts) {
  const std::string suites =
      "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "
      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n";
  const TlsTerms terms{.max_version = TLS1_2_VERSION,
                       .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"};
  EXPECT_THAT(GetByTls(Serve(suites), "/x", terms).cipher, HasSubstr("AES256"));
  EXPECT_THAT(
      GetByTls(Serve(suites + "  prefer_server_cipher_suites: false\n"), "/x", terms).cipher,
      HasSubstr("AES128"));
}

// What a client with this certificate, or none, gets under each policy.
TEST_F(TlsTest, AsksForCertificates) {
  struct Case {
    const char* keys;
    bool without, forged, own;
  };
  for (const Case& one :
       {Case{"", true, true, true},
        Case{"  client_auth_type: RequestClientCert\n", true, true, true},
        Case{"  client_auth_type: RequireAnyClientCert\n", false, true, true},
        Case{"  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n", true, false,
             true},
        Case{"  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n", false,
             false, true},
        Case{"  client_auth_type: RequireAndVerifyClientCert\n", false, false, false},
        Case{"  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [other.example]\n",
             false, false, false}}) {
    const int port = Serve(one.keys);
    EXPECT_EQ(GetByTls(port, "/x").text.ends_with("page"), one.without) << one.keys;
    EXPECT_EQ(GetByTls(port, "/x", {.identity = &forged_}).text.ends_with("page"), one.forged)
        << one.keys;
    EXPECT_EQ(GetByTls(port, "/x", {.identity = &client_}).text.ends_with("page"), one.own)
        << one.keys;
    const TlsTerms older{.identity = &forged_, .max_version = TLS1_2_VERSION};
    EXPECT_EQ(GetByTls(port, "/x", older).text.ends_with("page"), one.forged) << one.keys;
  }
}

TEST_F(TlsTest, AllowsNamesOfEachKind) {
  for (const std::string name : {"prometheus.example", "10.0.0.1", "spiffe://x/y"}) {
    const int port = Serve(
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
        "  client_allowed_sans: [nobody, '" +
        name + "']\n");
    EXPECT_THAT(GetByTls(port, "/x", {.identity = &client_}).text, EndsWith("page")) << name;
    EXPECT_THAT(GetByTls(port, "/x", {.identity = &forged_}).text, IsEmpty()) << name;
  }
}

// A client whose certificate was withdrawn would come back by it.
TEST_F(TlsTest, ResumesNoSession) {
  const int port = Serve();
  EXPECT_FALSE(GetByTls(port, "/x").resumable);
  EXPECT_FALSE(GetByTls(port, "/x", {.max_version = TLS1_2_VERSION}).resumable);
}

TEST_F(TlsTest, RefusesPlainHttpInPlainHttp) {
  const int port = Serve();
  EXPECT_THAT(Get(port, "/x"), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(Get(port, "/x", "X: " + std::string(8000, 'a') + "\r\n"),
              EndsWith("this port speaks TLS; write https://\n"));
  EXPECT_EQ(http_->Examine(), "");
}

TEST_F(TlsTest, TakesNewCertificatesWithoutARestart) {
  const int port = Serve();
  EXPECT_EQ(GetByTls(port, "/x").names, "first");
  const Identity second = authority_.Issue("DNS:second");
  // In the order of most tools; in between the two don't fit, and the old ones stay.
  Write("server.crt", second.certificate);
  while (loaded_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(GetByTls(port, "/x").names, "first");
  Write("server.key", second.key);
  while (!loaded_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(GetByTls(port, "/x").names, "second");
}

TEST_F(TlsTest, TakesANewPolicyWithoutARestart) {
  const int port = Serve();
  EXPECT_THAT(GetByTls(port, "/x").text, EndsWith("page"));
  Write("web.yml",
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
        "  max_version: TLS12\n  client_auth_type: RequireAnyClientCert\n");
  for (int i = 0; i < 500 && !GetByTls(port, "/x").text.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(GetByTls(port, "/x").text, IsEmpty());
  EXPECT_EQ(GetByTls(port, "/x", {.identity = &forged_}).version, "TLSv1.2");
}

TEST_F(TlsTest, SaysWhatIsWrongWithFiles) {
  EXPECT_EQ(WhyNot(""), "");
  Write("server.crt", "nonsense");
  EXPECT_EQ(WhyNot(""), "web.yml:2:14: cert_file " + (folder_ / "server.crt").string() +
                            ": there is no PEM certificate in it");
  Write("server.crt", server_.certificate);
  Write("server.key", client_.key);
  EXPECT_THAT(WhyNot(""), EndsWith("server.key: the key is not the certificate's"));
  Write("server.key", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n");
  EXPECT_THAT(WhyNot(""), EndsWith("server.key: there is no PEM key without a passphrase in it"));
  std::filesystem::remove(folder_ / "server.key");
  EXPECT_EQ(WhyNot(""), "web.yml:3:13: key_file: cannot read " + (folder_ / "server.key").string() +
                            ": No such file or directory");
  Write("server.key", server_.key);
  EXPECT_THAT(WhyNot("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: web.yml\n"),
              EndsWith("web.yml: there is no PEM certificate in it"));
  EXPECT_THAT(WhyNot("  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"),
              HasSubstr("no such combination of versions"));
}

}  // namespace
}  // namespace pgrepl::http
