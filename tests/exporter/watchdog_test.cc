// SPDX-License-Identifier: Apache-2.0
#include "exporter/watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "exporter/base/unique_fd.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

// The socket on which systemd listens.
class Manager {
 public:
  Manager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    name_.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(name_.c_str());
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", name_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  ~Manager() {
    unlink(name_.c_str());
    unsetenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string Told() {
    std::array<char, 256> text{};
    const ssize_t size = recv(socket_.get(), text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  const std::string name_ = "/tmp/pgrepl-notify-" + std::to_string(getpid());
  UniqueFd socket_;
};

TEST(WatchdogTest, TellsTheManagerWhileAllIsWell) {
  Manager manager;
  std::string wrong;
  Watchdog watchdog([&] { return wrong; }, Time(1h));
  EXPECT_TRUE(watchdog.Look(Time(1h)));
  EXPECT_EQ(manager.Told(), "WATCHDOG=1");
  wrong = "the scheduler stands still";
  EXPECT_TRUE(watchdog.Look(Time(1h) + 10s));
  EXPECT_EQ(manager.Told(), "");
}

TEST(WatchdogTest, GivesUpAfterAMinuteOfIllness) {
  std::string wrong = "refused";
  Watchdog watchdog([&] { return wrong; }, Time(1h));
  EXPECT_TRUE(watchdog.Look(Time(1h) + 59s));
  wrong = "";
  EXPECT_TRUE(watchdog.Look(Time(1h) + 60s));
  wrong = "refused";
  EXPECT_TRUE(watchdog.Look(Time(1h) + 119s));
  EXPECT_FALSE(watchdog.Look(Time(1h) + 120s));
}

TEST(WatchdogTest, LooksOftenEnoughForTheManager) {
  EXPECT_EQ(Watchdog::Interval(), 10s);
  setenv("WATCHDOG_USEC", "6000000", 1);                        // NOLINT(concurrency-mt-unsafe)
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(Watchdog::Interval(), 2s);
  unsetenv("WATCHDOG_USEC");  // NOLINT(concurrency-mt-unsafe)
  unsetenv("WATCHDOG_PID");   // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace pgrepl
