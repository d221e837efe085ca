// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace pgrepl::http {
namespace {

using namespace std::chrono_literals;
using Made = std::shared_ptr<const std::string>;
using Flight = SingleFlight<std::string>;

TEST(SingleFlightTest, EachWhoAsksAloneGetsOneOfTheirOwn) {
  int made = 0;
  Flight flight([&] { return std::make_shared<const std::string>(std::to_string(++made)); });
  const Made first = flight.Get();
  EXPECT_EQ(*flight.Get(), "2");
  EXPECT_EQ(*first, "1");
}

// The first is held up until all others wait.
class HeldUp {
 public:
  std::vector<std::future<Made>> Ask(Flight& flight, int others) {
    std::vector<std::future<Made>> answers;
    const auto ask = [&flight] { return flight.Get(); };
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

TEST(SingleFlightTest, WhoAsksMeanwhileGetsTheSame) {
  std::atomic<int> made = 0;
  HeldUp held_up;
  Flight flight([&] {
    if (++made == 1) held_up.Wait();
    return std::make_shared<const std::string>("page");
  });
  auto answers = held_up.Ask(flight, 4);
  const Made first = answers[0].get();
  for (std::size_t i = 1; i < answers.size(); ++i) EXPECT_EQ(answers[i].get(), first);
  EXPECT_EQ(made, 1);
}

TEST(SingleFlightTest, OneThatCannotBeMadeFailsForWhoMadeItAlone) {
  std::atomic<int> made = 0;
  HeldUp held_up;
  Flight flight([&] {
    if (++made == 1) {
      held_up.Wait();
      throw std::runtime_error("no page");
    }
    return std::make_shared<const std::string>("page");
  });
  auto answers = held_up.Ask(flight, 2);
  EXPECT_THROW(answers[0].get(), std::runtime_error);
  EXPECT_EQ(*answers[1].get(), "page");
  EXPECT_EQ(*answers[2].get(), "page");
}

}  // namespace
}  // namespace pgrepl::http
