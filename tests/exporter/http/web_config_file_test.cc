// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/web_config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "exporter/http/server.h"
#include "tests/exporter/http/certificates.h"
#include "tests/exporter/http/client.h"

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kUsers =
    "basic_auth_users:\n"
    "  prom: $2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
constexpr const char* kProm = "Authorization: Basic cHJvbTpzZWNyZXQ=\r\n";

class WebConfigFileTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // As most tools and Kubernetes do it: at once.
  void Write(const std::string& text) const {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  std::unique_ptr<WebConfigFile> Open(const std::string& text) {
    Write(text);
    auto file = WebConfigFile::Open(
        path_, [this](bool good) { ++(good ? good_ : bad_); }, 10ms);
    return file ? *std::move(file) : nullptr;
  }

  void Await(const std::atomic<int>& count, int most) {
    for (int i = 0; i < 1000 && count < most; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_EQ(count, most);
  }

  const std::string path_ =
      testing::TempDir() + "/web_config_file_test." + std::to_string(getpid());
  std::atomic<int> good_ = 0;
  std::atomic<int> bad_ = 0;
};

TEST_F(WebConfigFileTest, NoFileAsksForNothing) {
  const auto file = WebConfigFile::Open("", [this](bool) { ++good_; });
  EXPECT_TRUE((*file)->Settings()->config.users.empty());
  EXPECT_EQ(good_, 0);
}

TEST_F(WebConfigFileTest, ABadFileIsNoStart) {
  Write("nonsense: 1\n");
  const auto file = WebConfigFile::Open(path_, [](bool) {});
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.error().message, StartsWith(path_ + ":1:1: unknown web config key 'nonsense'"));
  const auto missing = WebConfigFile::Open("/nowhere/web.yml", [](bool) {});
  EXPECT_EQ(missing.error().message,
            "cannot read the web config file /nowhere/web.yml: No such file or directory");
}

TEST_F(WebConfigFileTest, TakesWhatIsGoodAndKeepsItWhenTheFileIsNot) {
  const auto file = Open("");
  EXPECT_TRUE(file->Settings()->config.users.empty());
  Write(kUsers);
  Await(good_, 2);
  EXPECT_EQ(file->Settings()->config.users.size(), 1U);
  Write(std::string(kUsers) + "  more: plain text\n");
  Await(bad_, 1);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(bad_, 1) << "said once, not each time it looks";
  EXPECT_EQ(file->Settings()->config.users.size(), 1U);
  std::filesystem::remove(path_);
  Await(bad_, 2);
  EXPECT_EQ(file->Settings()->config.users.size(), 1U);
  Write("");
  Await(good_, 3);
  EXPECT_TRUE(file->Settings()->config.users.empty());
}

TEST_F(WebConfigFileTest, TlsDoesNotComeInPassing) {
  const auto file = Open("");
  const Identity identity = Authority().Issue("DNS:x");
  const auto indented = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; at += 5) {
      text.replace(at, 1, "\n    ");
    }
    return "|\n    " + text + "\n";
  };
  Write("tls_server_config:\n  cert: " + indented(identity.certificate) +
        "  key: " + indented(identity.key));
  Await(bad_, 1);
  EXPECT_EQ(file->Settings()->tls, nullptr);
}

// All routes, what isn't one, and what isn't HTTP.
TEST_F(WebConfigFileTest, TheServerKeepsToIt) {
  const auto file = Open(std::string(kUsers) +
                         "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
                         "    Content-Security-Policy: default-src 'self'\n");
  const auto server = *Server::Start(
      {.listen_addresses = {"127.0.0.1:0"}, .web_config = file.get()},
      {{.path = "/-/healthy", .handler = [](const Request&) { return Response{.body = "ok"}; }}});
  const int port = server->ports().at(0);
  for (const std::string path : {"/-/healthy", "/nowhere"}) {
    EXPECT_THAT(Get(port, path),
                AllOf(StartsWith("HTTP/1.1 401 Unauthorized\r\n"),
                      HasSubstr("\r\nWWW-Authenticate: Basic realm=\"metrics\""),
                      HasSubstr("\r\nX-Frame-Options: deny\r\n"), EndsWith("Unauthorized\n")));
  }
  EXPECT_THAT(Get(port, "/-/healthy", "Authorization: Basic cHJvbTo=\r\n"),
              StartsWith("HTTP/1.1 401 "));
  const std::string answer = Get(port, "/-/healthy", kProm);
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("ok"),
                            HasSubstr("\r\nContent-Security-Policy: default-src 'self'\r\n"),
                            Not(HasSubstr("default-src 'none'")),
                            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n")));
  EXPECT_THAT(Get(port, "/nowhere", kProm), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(port, "BREW / HTTP/1.1\r\n\r\n"), HasSubstr("\r\nX-Frame-Options: deny\r\n"));
  EXPECT_EQ(server->Examine(), "") << "a password is asked for, and that is an answer";
}

}  // namespace
}  // namespace pgrepl::http
