// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/password.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

std::string Message(const Result<std::string>& password) {
  return password ? "password: " + *password : password.error().message;
}

class PasswordFileTest : public testing::Test {
 protected:
  PasswordFileTest() { folder_ = mkdtemp(std::string("/tmp/pgrepl-password-XXXXXX").data()); }
  ~PasswordFileTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] Result<std::string> Read(const std::string& text) const {
    std::ofstream(folder_ / "password") << text;
    return ReadPasswordFile(folder_ / "password");
  }

  std::filesystem::path folder_;
};

TEST_F(PasswordFileTest, IsItsFirstLine) {
  EXPECT_EQ(Message(Read("secret")), "password: secret");
  EXPECT_EQ(Message(Read("secret\n")), "password: secret");
  EXPECT_EQ(Message(Read("secret\r\n")), "password: secret");
  EXPECT_EQ(Message(Read("secret\nsecond\n")), "password: secret");
  EXPECT_EQ(Message(Read(" with spaces \n")), "password:  with spaces ");
  EXPECT_EQ(Message(Read("gr\xc3\xbc\xc3\x9f\n")), "password: gr\xc3\xbc\xc3\x9f");
}

TEST_F(PasswordFileTest, EmptyFirstLineIsAnError) {
  const std::string expected =
      "password file " + (folder_ / "password").string() + " has an empty first line";
  EXPECT_EQ(Message(Read("")), expected);
  EXPECT_EQ(Message(Read("\nsecret\n")), expected);
}

TEST_F(PasswordFileTest, ErrorsNameTheFileAndTheReason) {
  const std::string gone = folder_ / "gone";
  const Result<std::string> missing = ReadPasswordFile(gone);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "cannot read password file " + gone + ": No such file or directory");
  EXPECT_EQ(missing.error().hint, "It must be readable by the exporter's user.");
  EXPECT_EQ(Message(ReadPasswordFile(folder_)),
            "cannot read password file " + folder_.string() + ": Is a directory");
}

TEST_F(PasswordFileTest, IsReadAnewEachTime) {
  EXPECT_EQ(Message(Read("old")), "password: old");
  EXPECT_EQ(Message(Read("new")), "password: new");
}

std::string Outcome(const std::string& command, Duration patience = 10s) {
  return Message(RunPasswordCommand(command, Now() + patience));
}

// How long a command that doesn't end by itself is waited for.
constexpr Duration kPatience = 200ms;

void ExpectKilledInTime(const std::string& command) {
  const Time begin = Now();
  EXPECT_EQ(Outcome(command, kPatience), "password_command did not end in time and was killed")
      << command;
  EXPECT_GE(Now() - begin, kPatience) << command;
  EXPECT_LT(Now() - begin, kPatience + 5s) << command;
}

TEST(PasswordCommandTest, IsTheFirstLineItPrints) {
  EXPECT_EQ(Outcome("echo secret"), "password: secret");
  EXPECT_EQ(Outcome("printf secret"), "password: secret");
  EXPECT_EQ(Outcome("printf 'secret\\r\\nsecond\\n'"), "password: secret");
  EXPECT_EQ(Outcome("printf sec; sleep 0.05; echo ret"), "password: secret");
}

TEST(PasswordCommandTest, IsAShellCommandInOurEnvironment) {
  setenv("PGREPL_TEST_SECRET", "from the environment", 1);
  EXPECT_EQ(Outcome("echo \"$PGREPL_TEST_SECRET\" | tr a-z A-Z"), "password: FROM THE ENVIRONMENT");
  unsetenv("PGREPL_TEST_SECRET");
}

TEST(PasswordCommandTest, ReadsNothingOfOurInput) {
  EXPECT_EQ(Outcome("cat; echo secret"), "password: secret");
}

TEST(PasswordCommandTest, FailureTellsTheStatusAndNothingOfTheOutput) {
  EXPECT_EQ(Outcome("echo secret; exit 3"), "password_command failed with status 3");
  EXPECT_EQ(Outcome("echo secret; kill -9 $$"), "password_command failed with status -9");
  EXPECT_EQ(Outcome("exec 2>&-; no-such-program secret"),
            "password_command failed with status 127");
}

TEST(PasswordCommandTest, EmptyFirstLineIsAnError) {
  EXPECT_EQ(Outcome("true"), "password_command printed an empty first line");
  EXPECT_EQ(Outcome("echo; echo secret"), "password_command printed an empty first line");
}

TEST(PasswordCommandTest, IsKilledAtTheDeadline) {
  ExpectKilledInTime("sleep 60");
  ExpectKilledInTime("echo secret; sleep 60");
  ExpectKilledInTime("trap '' TERM INT HUP; while :; do sleep 1; done");
}

TEST(PasswordCommandTest, IsKilledAlsoAfterItClosedItsOutput) {
  ExpectKilledInTime("echo secret; exec >&-; sleep 60");
}

TEST(PasswordCommandTest, ThatPrintsWithoutEndIsCutOff) {
  EXPECT_EQ(Outcome("exec yes secret"), "password_command failed with status -13");
}

// A zombie runs no more: whoever adopted it may take its time to bury it.
bool IsRunning(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string pid;
  std::string name;
  std::string state;
  return stat >> pid >> name >> state && state != "Z";
}

TEST(PasswordCommandTest, WhatItStartedIsKilledToo) {
  const std::string mark = "/tmp/pgrepl-password-child-" + std::to_string(getpid());
  ExpectKilledInTime("sleep 60 & echo $! > " + mark + "; wait");
  pid_t child = 0;
  std::ifstream(mark) >> child;
  std::filesystem::remove(mark);
  ASSERT_GT(child, 0);
  for (const Time deadline = Now() + 5s; IsRunning(child) && Now() < deadline;) usleep(1000);
  EXPECT_FALSE(IsRunning(child));
}

TEST(PasswordCommandTest, LeavesNoZombie) {
  EXPECT_EQ(Outcome("echo secret"), "password: secret");
  ExpectKilledInTime("sleep 60");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// The exporter ignores SIGPIPE and blocks the signals that end it; a pipe in a shell needs them.
TEST(PasswordCommandTest, HasSignalsAsInALoginShell) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  auto* const old = signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(Outcome("sh -c 'kill -PIPE $$'; echo $?"), "password: 141");
  EXPECT_EQ(Outcome("sh -c 'kill -TERM $$'; echo $?"), "password: 143");
  signal(SIGPIPE, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace pgrepl
