// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/shared_page.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/exporter/http/gunzip.h"

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;
using Body = std::shared_ptr<const SharedBody>;

TEST(SharedPageTest, EachRequestAloneGetsAPageOfItsOwn) {
  int made = 0;
  SharedPage page([&](std::string& out) { out += "page " + std::to_string(++made); });
  EXPECT_EQ(page.Get()->text(), "page 1");
  EXPECT_EQ(page.Get()->text(), "page 2");
}

TEST(SharedPageTest, WhatSomebodyStillReadsDoesNotChange) {
  int made = 0;
  SharedPage page([&](std::string& out) { out += "page " + std::to_string(++made); });
  const Body first = page.Get();
  const Body second = page.Get();
  EXPECT_EQ(first->text(), "page 1");
  EXPECT_EQ(second->text(), "page 2");
}

// The first is held up until all others wait.
class HeldUp {
 public:
  std::vector<std::future<Body>> Ask(SharedPage& page, int others) {
    std::vector<std::future<Body>> answers;
    const auto ask = [&page] { return page.Get(); };
    answers.push_back(std::async(std::launch::async, ask));
    begun_.get_future().wait();
    for (int i = 0; i < others; ++i) answers.push_back(std::async(std::launch::async, ask));
    std::this_thread::sleep_for(100ms);
    go_.set_value();
    return answers;
  }
  void Wait() {
    begun_.set_value();
    go_.get_future().wait();
  }

 private:
  std::promise<void> begun_, go_;
};

TEST(SharedPageTest, RequestsThatComeMeanwhileGetTheSamePage) {
  std::atomic<int> made = 0;
  HeldUp held_up;
  SharedPage page([&](std::string& out) {
    if (++made == 1) held_up.Wait();
    out += "page";
  });
  auto answers = held_up.Ask(page, 4);
  const Body first = answers[0].get();
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].get(), first);
  EXPECT_EQ(made, 1);
}

TEST(SharedPageTest, OneThatCannotBeMadeFailsItsRequestAlone) {
  std::atomic<int> made = 0;
  HeldUp held_up;
  SharedPage page([&](std::string& out) {
    if (++made == 1) {
      held_up.Wait();
      throw std::runtime_error("no page");
    }
    out += "page";
  });
  auto answers = held_up.Ask(page, 2);
  EXPECT_THROW(answers[0].get(), std::runtime_error);
  EXPECT_EQ(answers[1].get()->text(), "page");
  EXPECT_EQ(answers[2].get()->text(), "page");
}

TEST(SharedBodyTest, IsPackedOnceForAll) {
  const SharedBody body(std::string(5000, 'x'));
  const std::string* packed = &*body.Packed();
  EXPECT_EQ(Gunzip(*packed), body.text());
  EXPECT_EQ(&*body.Packed(), packed);
}

TEST(SharedBodyTest, AShortOneIsNotPacked) { EXPECT_FALSE(SharedBody("short").Packed()); }

}  // namespace
}  // namespace pgrepl::http
