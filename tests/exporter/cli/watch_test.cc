// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <utility>

#include "tests/exporter/report/example.h"

namespace pgrepl::cli {
namespace {

using namespace std::chrono_literals;
using terminal::Key;
using testing::HasSubstr;

const config::Command kWatch{.kind = config::CommandKind::kWatch, .interval = 1ms};

/// Somebody presses these keys, then q; keeps what was drawn last.
class Fake : public terminal::Terminal {
 public:
  explicit Fake(std::deque<Key> keys, terminal::Size size = {})
      : keys_(std::move(keys)), size_(size) {}

  [[nodiscard]] terminal::Size size() const override { return size_; }
  [[nodiscard]] bool has_unicode() const override { return false; }
  void Draw(const std::vector<terminal::Line>& lines) override {
    shown.clear();
    for (const auto& line : lines) {
      for (const auto& span : line) shown += span.text;
      shown += '\n';
    }
    rows = lines.size();
  }
  Key Await(Duration) override {
    if (keys_.empty()) return Key::kQuit;
    const Key key = keys_.front();
    keys_.pop_front();
    if (key == Key::kNone) std::this_thread::sleep_for(3ms);
    return key;
  }

  std::string shown;
  std::size_t rows = 0;

 private:
  std::deque<Key> keys_;
  terminal::Size size_;
};

Document Two() {
  ClusterView other = report::Example();
  other.name = "other";
  const auto view = [other] { return std::vector<ClusterView>{report::Example(), other}; };
  return DocumentOfView(kWatch, view);
}

TEST(WatchTest, KeysMove) {
  Fake first({});
  EXPECT_TRUE(WatchOnTerminal(kWatch, Two(), first));
  EXPECT_THAT(first.shown, HasSubstr("main  "));
  EXPECT_THAT(first.shown, HasSubstr("q quit  space hold  tab next cluster (1 of 2)"));
  EXPECT_EQ(first.rows, 24u);
  Fake next({Key::kNext});
  EXPECT_TRUE(WatchOnTerminal(kWatch, Two(), next));
  EXPECT_THAT(next.shown, HasSubstr("other  "));
  Fake low({Key::kDown, Key::kDown, Key::kDown}, {.rows = 6, .columns = 80});
  EXPECT_TRUE(WatchOnTerminal(kWatch, Two(), low));
  EXPECT_EQ(low.rows, 6u);
  EXPECT_THAT(low.shown, testing::StartsWith("SERVER"));
  EXPECT_THAT(low.shown, HasSubstr("more lines"));
}

TEST(WatchTest, TheLastPictureStaysWithTheReason) {
  int asked = 0;
  const auto dies = [&asked]() -> Result<std::string> {
    if (++asked > 1) return Error{"no exporter answers"};
    return Two()();
  };
  Fake terminal({Key::kNone, Key::kNone});
  EXPECT_TRUE(WatchOnTerminal(kWatch, dies, terminal));
  EXPECT_THAT(terminal.shown, HasSubstr("UTC  no exporter answers"));
  EXPECT_THAT(terminal.shown, HasSubstr("s1"));
}

TEST(WatchTest, WhatIsHeldDoesNotChange) {
  int asked = 0;
  const auto document = [&asked] { return ++asked, Two()(); };
  Fake terminal({Key::kHold, Key::kNone, Key::kNone});
  EXPECT_TRUE(WatchOnTerminal(kWatch, document, terminal));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(terminal.shown, HasSubstr("UTC  held"));
}

TEST(WatchTest, LinesUntilNobodyReads) {
  std::string written;
  EXPECT_TRUE(WatchAsLines(kWatch, Two(), [&](const std::string& lines) {
    written += lines;
    return written.size() < 2 * lines.size();
  }));
  EXPECT_THAT(written, HasSubstr("Z main s1 standby up, streaming, lag 8.2 s (replay_paused)\n"));
}

TEST(WatchTest, NothingToShowIsAnError) {
  const auto refused = [](const std::string&, std::string_view, const Parameters&) {
    return Result<Answer>(Error{"http://127.0.0.1:9717: refused"});
  };
  Fake terminal({});
  EXPECT_THAT(
      WatchOnTerminal(kWatch, DocumentOfExporter(kWatch, refused), terminal).error().message,
      HasSubstr("no exporter answers at"));
  const auto stranger = [](const std::string&, std::string_view, const Parameters&) {
    return Result<Answer>(Answer{200, "text/html", "<html>"});
  };
  EXPECT_THAT(
      WatchOnTerminal(kWatch, DocumentOfExporter(kWatch, stranger), terminal).error().message,
      HasSubstr("is no pg_replication_exporter"));
}

}  // namespace
}  // namespace pgrepl::cli
