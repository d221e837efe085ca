// What needs no server: the time before there is a connection.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/server_session.h"

#include <gtest/gtest.h>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1000s};
constexpr Duration kDeadline = 3s;

SessionOptions OptionsOf(const std::string& conninfo) {
  return SessionOptions{.cluster = "main",
                        .name = "p",
                        .login = {*Conninfo::Parse(conninfo), "", ""},
                        .archive_directory = "",
                        .collectors = {},
                        .pulse_interval = 1s,
                        .pulse_deadline = kDeadline,
                        .interval = 10s,
                        .slow_interval = 60s,
                        .connection_lifetime = 1h};
}

// A session whose attempts to connect end when the test says so.
class ServerSessionTest : public testing::Test {
 protected:
  ServerSessionTest() { session_.Pulse(kStart); }

  std::vector<std::shared_ptr<PendingLogins>> attempts_;
  ServerSnapshotPtr last_;
  ServerSession session_{
      OptionsOf("host=a"), 1,
      [this](const Login&, const SessionLimits&, Duration, std::shared_ptr<PendingLogins> pending) {
        attempts_.push_back(std::move(pending));
      },
      [this](ServerSnapshotPtr snapshot) { last_ = std::move(snapshot); }};
};

TEST_F(ServerSessionTest, ConnectingThatHangsIsDownAndGoesOn) {
  ASSERT_EQ(attempts_.size(), 1U);
  EXPECT_EQ(session_.due(), kStart + 2 * kDeadline);
  session_.OnTime(kStart + 2 * kDeadline);
  ASSERT_TRUE(last_);
  EXPECT_FALSE(last_->up);
  EXPECT_EQ(last_->reason, UpReason::kTimeout);
  session_.Pulse(kStart + 60s);
  session_.OnTime(kStart + 60s);
  EXPECT_EQ(attempts_.size(), 1U) << "there is never a second one beside it";
  session_.OnConnected(Error{"Connection refused"}, kStart + 61s);
  EXPECT_EQ(last_->reason, UpReason::kRefused);
}

TEST_F(ServerSessionTest, NextAttemptWaitsOnForTheLoginThatIsThere) {
  session_.OnConnected(Error{"timed out while logging in"}, kStart + 3s);
  session_.OnTime(session_.due());
  ASSERT_EQ(attempts_.size(), 2U);
  EXPECT_EQ(attempts_[0], attempts_[1]);
}

TEST_F(ServerSessionTest, AnotherLoginDoesNot) {
  session_.Reconfigure(OptionsOf("host=b"), kStart + 1s);
  session_.OnConnected(Error{"timed out while logging in"}, kStart + 3s);
  ASSERT_EQ(attempts_.size(), 2U);
  EXPECT_NE(attempts_[0], attempts_[1]);
}

}  // namespace
}  // namespace pgrepl
