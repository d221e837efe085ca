// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <string>

#include "exporter/base/unique_fd.h"

namespace pgrepl::log {
namespace {

TEST(LogTest, LogfmtQuotesOnlyWhereNeeded) {
  EXPECT_EQ(Render(Format::kLogfmt, "server is down", {{"server", "s1"}, {"reason", "a \"b\"\n"}}),
            R"(msg="server is down" server=s1 reason="a \"b\"\n")");
}

TEST(LogTest, JsonEscapesControlCharacters) {
  EXPECT_EQ(Render(Format::kJson, "m", {{"k", "\x01\\"}}), R"("msg":"m","k":"\u0001\\")");
}

TEST(LogTest, EmptyValueIsQuoted) {
  EXPECT_EQ(Render(Format::kLogfmt, "m", {{"k", ""}}), R"(msg=m k="")");
}

// Standard error is a pipe while it lives.
class StandardErrorIsAPipe {
 public:
  StandardErrorIsAPipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reader_.Reset(ends[0]);
    const UniqueFd writer(ends[1]);
    dup2(writer.get(), STDERR_FILENO);
    fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
  }
  ~StandardErrorIsAPipe() { dup2(before_.get(), STDERR_FILENO); }
  StandardErrorIsAPipe(const StandardErrorIsAPipe&) = delete;
  StandardErrorIsAPipe& operator=(const StandardErrorIsAPipe&) = delete;

  [[nodiscard]] std::string Read() const {
    std::string text;
    std::array<char, 4096> some{};
    for (ssize_t count = 0; (count = read(reader_.get(), some.data(), some.size())) > 0;) {
      text.append(some.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  const UniqueFd before_{fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)};
  UniqueFd reader_;
};

TEST(LogTest, NobodyWhoReadsItHoldsUpWhoWrites) {
  const StandardErrorIsAPipe pipe;
  Init(Level::kInfo, Format::kLogfmt);
  const std::string text(1000, 'x');
  for (int i = 0; i < 200; ++i) Info(text);  // a pipe takes 64 kB
  EXPECT_GT(pipe.Read().size(), 30'000U);
  Info("read again");
  const std::string after = pipe.Read();
  EXPECT_NE(after.find(R"(level=warn msg="lines were dropped: nobody read them" lines=1)"),
            std::string::npos)
      << after;
  EXPECT_TRUE(after.ends_with("level=info msg=\"read again\"\n")) << after;
}

TEST(LogTest, ALineThatAPipeMayNotTakeAtOnceIsCut) {
  const StandardErrorIsAPipe pipe;
  Init(Level::kInfo, Format::kLogfmt);
  Info(std::string(10'000, 'x'));
  const std::string line = pipe.Read();
  EXPECT_EQ(line.size(), std::size_t{PIPE_BUF});
  EXPECT_TRUE(line.ends_with("x\n"));
}

}  // namespace
}  // namespace pgrepl::log
