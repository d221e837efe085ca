// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/password.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "exporter/base/unique_fd.h"

extern char** environ;

namespace pgrepl {
namespace {

constexpr std::size_t kLongest = 4096;

std::string FirstLine(std::string text) {
  text.resize(std::min(text.size(), text.find('\n')));
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

std::int64_t MillisecondsUntil(Time deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - Now()).count();
}

// Reads up to kLongest bytes; false when the deadline passed before the end of the file.
bool ReadUntil(int fd, Time deadline, std::string& text) {
  std::array<char, 512> chunk{};
  while (text.size() < kLongest) {
    const auto left = MillisecondsUntil(deadline);
    pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = left > 0 ? poll(&poll_fd, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = read(fd, chunk.data(), chunk.size());
    if (count <= 0) return true;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return true;
}

// Whether the process has ended by the deadline: one that has closed its output may go on.
bool EndsBy(pid_t pid, Time deadline) {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 2'000'000};
  while (true) {
    siginfo_t ended{};
    if (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        ended.si_pid == pid) {
      return true;
    }
    if (MillisecondsUntil(deadline) <= 0) return false;
    nanosleep(&kPause, nullptr);
  }
}

// A process group of its own, so that the deadline's kill reaches what the shell started, and
// signals as a login shell has them, not as this process blocks or ignores them.
void SetAttributes(posix_spawnattr_t& attributes) {
  sigset_t signals;
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);
}

Result<pid_t> SpawnShell(const std::string& command, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_init(&attributes);
  SetAttributes(attributes);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string copy = command;
  char* const arguments[] = {shell.data(), flag.data(), copy.data(), nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, shell.c_str(), &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return Error{fmt::format("cannot start password_command: {}", strerror(failed))};
  return pid;
}

}  // namespace

Result<std::string> ReadPasswordFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(kLongest, '\0');
  const ssize_t count = fd.valid() ? read(fd.get(), text.data(), text.size()) : -1;
  if (count < 0) {
    return Error{fmt::format("cannot read password file {}: {}", path, strerror(errno)), "",
                 "It must be readable by the exporter's user."};
  }
  text.resize(static_cast<std::size_t>(count));
  std::string password = FirstLine(std::move(text));
  if (password.empty()) return Error{fmt::format("password file {} has an empty first line", path)};
  return password;
}

Result<std::string> RunPasswordCommand(const std::string& command, Time deadline) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{fmt::format("cannot run password_command: {}", strerror(errno))};
  }
  UniqueFd input(ends[0]);
  UniqueFd output(ends[1]);
  const Result<pid_t> pid = SpawnShell(command, output.get());
  if (!pid) return pid.error();
  output.Reset();
  std::string text;
  bool in_time = ReadUntil(input.get(), deadline, text);
  input.Reset();
  in_time = in_time && EndsBy(*pid, deadline);
  if (!in_time) kill(-*pid, SIGKILL);
  int status = 0;
  waitpid(*pid, &status, 0);
  if (!in_time) return Error{"password_command did not end in time and was killed"};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Error{fmt::format("password_command failed with status {}",
                             WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status))};
  }
  std::string password = FirstLine(std::move(text));
  if (password.empty()) return Error{"password_command printed an empty first line"};
  return password;
}

}  // namespace pgrepl
