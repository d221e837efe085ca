// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/passwords.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "exporter/base/clock.h"

namespace pgrepl::http {
namespace {

using Verdict = Passwords::Verdict;
using namespace std::chrono_literals;

// Cost 4, a millisecond, but for slow's 12.
const Users kUsers = {
    {"prom", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},   // secret
    {"other", "$2y$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu"},  // other
    {"old", "$2a$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC"},    // a
};
const Users kSlow = {
    {"slow", "$2b$12$abcdefghijklmnopqrstuuvhqlfa3SToYAWnpQD0wYcoxAD7y2cEy"}};  // slow

Duration TimeOf(Passwords& passwords, const Users& users, const Credentials& credentials) {
  const Time begin = Now();
  passwords.Check(users, credentials, "a");
  return Now() - begin;
}

TEST(PasswordsTest, TellsRightFromWrong) {
  Passwords passwords;
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(passwords.Check(kUsers, {"prom", "secret"}, "a"), Verdict::kRight);
    EXPECT_EQ(passwords.Check(kUsers, {"old", "a"}, "a"), Verdict::kRight);
    EXPECT_EQ(passwords.Check(kUsers, {"prom", "Secret"}, "a"), Verdict::kWrong);
    EXPECT_EQ(passwords.Check(kUsers, {"prom", ""}, "a"), Verdict::kWrong);
    EXPECT_EQ(passwords.Check(kUsers, {"prom", "other"}, "a"), Verdict::kWrong);
    EXPECT_EQ(passwords.Check(kUsers, {"nobody", "secret"}, "a"), Verdict::kWrong);
    EXPECT_EQ(passwords.Check(kUsers, {"", ""}, "a"), Verdict::kWrong);
  }
}

TEST(PasswordsTest, RemembersWhatWasRightAndOnlyFromThere) {
  Passwords passwords;
  const Duration first = TimeOf(passwords, kSlow, {"slow", "slow"});
  EXPECT_LT(TimeOf(passwords, kSlow, {"slow", "slow"}), first / 10);
  EXPECT_GT(TimeOf(passwords, kSlow, {"slow", "wrong"}), first / 10);
  EXPECT_GT(TimeOf(passwords, kSlow, {"slow", "wrong"}), first / 10);
}

TEST(PasswordsTest, ForgetsAPasswordThatWasChangedOrWithdrawn) {
  Passwords passwords;
  Users users = kUsers;
  EXPECT_EQ(passwords.Check(users, {"prom", "secret"}, "a"), Verdict::kRight);
  users["prom"] = users["other"];
  EXPECT_EQ(passwords.Check(users, {"prom", "secret"}, "a"), Verdict::kWrong);
  EXPECT_EQ(passwords.Check(users, {"prom", "other"}, "a"), Verdict::kRight);
  users.erase("prom");
  EXPECT_EQ(passwords.Check(users, {"prom", "other"}, "a"), Verdict::kWrong);
}

// Or the time would tell which users there are.
TEST(PasswordsTest, AnUnknownUserTakesAsLongAsTheSlowest) {
  Passwords passwords;
  Users users = kSlow;
  users.insert(kUsers.begin(), kUsers.end());
  const Duration known = TimeOf(passwords, users, {"slow", "wrong"});
  EXPECT_GT(TimeOf(passwords, users, {"nobody", "wrong"}), known / 4);
}

TEST(PasswordsTest, AFloodKeepsNobodyWaitingWhoIsKnown) {
  Passwords passwords;
  ASSERT_EQ(passwords.Check(kSlow, {"slow", "slow"}, "good"), Verdict::kRight);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> busy = 0;
  std::vector<std::thread> flood;
  for (int i = 0; i < 20; ++i) {
    flood.emplace_back([&, i] {
      while (!done) {
        const Verdict verdict =
            passwords.Check(kSlow, {"slow", "wrong"}, "bad" + std::to_string(i % 2));
        ++(verdict == Verdict::kWrong ? wrong : busy);
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  const Time deadline = Now() + 20s;
  while ((wrong < 1 || busy < 1) && Now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_GE(busy, 1) << "all are looked at";
  for (int i = 0; i < 20; ++i) {
    const Time begin = Now();
    EXPECT_EQ(passwords.Check(kSlow, {"slow", "slow"}, "good"), Verdict::kRight);
    EXPECT_LT(Now() - begin, 200ms);
  }
  // Two addresses take four places of six: a third one still finds one.
  EXPECT_EQ(passwords.Check(kSlow, {"slow", "not yet known"}, "third"), Verdict::kWrong);
  done = true;
  for (std::thread& one : flood) one.join();
}

}  // namespace
}  // namespace pgrepl::http
