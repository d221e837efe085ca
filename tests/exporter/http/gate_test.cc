// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;

int Status(Gate& gate, const config::WebConfig& config, const std::string& authorization,
           Time now = Time()) {
  const auto refused = gate.Refuse(config, authorization, "192.0.2.1", now);
  return refused ? refused->status : 0;
}

TEST(GateTest, IsOpenWithoutUsers) {
  Gate gate;
  EXPECT_EQ(Status(gate, {}, ""), 0);
  EXPECT_EQ(Status(gate, {}, "Basic nonsense"), 0);
}

TEST(GateTest, WantsAPasswordWhereThereAreUsers) {
  Gate gate;
  const config::WebConfig config{
      .users = {{"prom", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"}}};
  EXPECT_EQ(Status(gate, config, "Basic cHJvbTpzZWNyZXQ="), 0);
  EXPECT_EQ(Status(gate, config, "Basic cHJvbTpzZWNyZXU="), 401);
  EXPECT_EQ(Status(gate, config, "Basic cHJvbTo="), 401);
  EXPECT_EQ(Status(gate, config, "cHJvbTpzZWNyZXQ="), 401);
  EXPECT_EQ(Status(gate, config, ""), 401);
  EXPECT_EQ(gate.Refuse(config, "", "a", Time())->headers,
            "WWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n");
}

TEST(GateTest, KeepsToTheRateLimitBeforeAnyPassword) {
  Gate gate;
  const config::WebConfig config{
      .users = {{"prom", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"}},
      .rate_limit = {.interval = 1s, .burst = 1}};
  EXPECT_EQ(Status(gate, config, ""), 401);
  EXPECT_EQ(Status(gate, config, "Basic cHJvbTpzZWNyZXQ="), 429);
  EXPECT_EQ(Status(gate, config, "Basic cHJvbTpzZWNyZXQ=", Time() + 1s), 0);
}

}  // namespace
}  // namespace pgrepl::http
