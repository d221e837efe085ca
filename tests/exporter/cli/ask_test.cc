// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::cli {
namespace {

using testing::HasSubstr;

/// Answers the same to all, and keeps what it was asked.
struct Exporter {
  Result<Answer> answer;
  std::string url = {};
  std::string path = {};
  Parameters parameters = {};

  Result<std::string> Asked(const config::Command& command) {
    return Ask(command,
               [this](const std::string& to, std::string_view below, const Parameters& with) {
                 url = to;
                 path = below;
                 parameters = with;
                 return answer;
               });
  }
  std::string Refuses(const config::Command& command) {
    const auto text = Asked(command);
    return text ? "" : text.error().message;
  }
};

const config::Command kTopology{.kind = config::CommandKind::kTopology};
const config::Command kDot{.kind = config::CommandKind::kTopology,
                           .cluster = "main",
                           .format = config::ReportFormat::kDot,
                           .exporter = "http://[::1]:1"};
const config::Command kExplain{.kind = config::CommandKind::kExplain, .server = "s1"};

TEST(AskTest, AsksTheRouteOfTheSubCommand) {
  Exporter text{Answer{200, "text/plain", "tree\n"}};
  EXPECT_EQ(*text.Asked(kTopology), "tree\n");
  EXPECT_EQ(text.url, "http://127.0.0.1:9717");
  EXPECT_EQ(text.path, "/topology");
  EXPECT_EQ(text.parameters, (Parameters{{"format", "text"}, {"cluster", ""}}));
  EXPECT_EQ(*text.Asked(kExplain), "tree\n");
  EXPECT_EQ(text.path, "/explain");
  EXPECT_EQ(text.parameters, (Parameters{{"server", "s1"}, {"cluster", ""}}));
  EXPECT_EQ(
      *text.Asked({.kind = config::CommandKind::kCheck, .check_for = config::CheckFor::kUpgrade}),
      "tree\n");
  EXPECT_EQ(text.path, "/check");
  EXPECT_EQ(text.parameters, (Parameters{{"format", "text"}, {"cluster", ""}, {"for", "upgrade"}}));
  Exporter dot{Answer{200, "text/vnd.graphviz", "digraph {}\n"}};
  EXPECT_EQ(*dot.Asked(kDot), "digraph {}\n");
  EXPECT_EQ(dot.url, "http://[::1]:1");
  EXPECT_EQ(dot.parameters, (Parameters{{"format", "dot"}, {"cluster", "main"}}));
}

TEST(AskTest, SaysThatAPasswordIsWanted) {
  Exporter exporter{Answer{401, "text/plain", "Unauthorized\n"}};
  EXPECT_EQ(exporter.Refuses(kTopology),
            "http://127.0.0.1:9717: the exporter wants another password, or one at all");
}

TEST(AskTest, ItsRefusalIsOurs) {
  for (const int status : {400, 404}) {
    Exporter exporter{Answer{status, "text/plain", "unknown cluster 'x'; known: main\nmore\n"}};
    EXPECT_EQ(exporter.Refuses(kDot), "unknown cluster 'x'; known: main");
  }
}

TEST(AskTest, NobodyAnswers) {
  Exporter exporter{Error{"http://127.0.0.1:9717: cannot connect: Connection refused"}};
  const auto text = exporter.Asked(kTopology);
  EXPECT_EQ(text.error().message,
            "no exporter answers at http://127.0.0.1:9717: cannot connect: Connection refused");
  EXPECT_THAT(text.error().hint, HasSubstr("--config.file=FILE"));
}

TEST(AskTest, SomethingElseAnswers) {
  for (const Answer& answer :
       {Answer{200, "text/html", "<html>"}, Answer{404, "text/plain", "Not Found\n"},
        Answer{500, "text/plain", "broken\n"}, Answer{302, "text/html", ""}, Answer{200, "", ""}}) {
    Exporter exporter{answer};
    EXPECT_THAT(exporter.Refuses(kTopology), HasSubstr("is no pg_replication_exporter"));
  }
}

TEST(AskTest, NothingSteersTheTerminal) {
  Exporter exporter{Answer{200, "text/plain", "a\x1b[2J\r\nb\n"}};
  EXPECT_EQ(*exporter.Asked(kTopology), "a?[2J?\nb\n");
  Exporter refusing{Answer{404, "text/plain", "\x1b]0;x\x07\n"}};
  EXPECT_EQ(refusing.Refuses(kTopology), "?]0;x?");
}

TEST(AskHealthTest, OneThatAnswersIsHealthy) {
  std::string asked;
  const auto health = [&](const Result<Answer>& answer) {
    return AskHealth({.kind = config::CommandKind::kHealthcheck},
                     [&](const std::string& url, std::string_view path, const auto&) {
                       asked = url + std::string(path);
                       return answer;
                     });
  };
  EXPECT_EQ(*health(Answer{200, "text/plain", "healthy\n"}), "healthy\n");
  EXPECT_EQ(asked, "http://127.0.0.1:9717/-/healthy");
  EXPECT_THAT(health(Answer{404, "text/html", ""}).error().message, HasSubstr("is no pg_"));
  EXPECT_EQ(health(Error{"http://127.0.0.1:9717: refused"}).error().message,
            "no exporter answers at http://127.0.0.1:9717: refused");
}

}  // namespace
}  // namespace pgrepl::cli
