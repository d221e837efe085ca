// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/connector.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>

#include "exporter/base/mutex.h"
#include "exporter/postgres/up_reason.h"
#include "tests/support/stranger.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;
using Manner = Stranger::Manner;

// What has come of the attempts, by their names, in the order of their ends.
class Outcomes {
 public:
  Connector::Attempt Attempt(const std::string& name, const Stranger& stranger, Duration patience) {
    return {
        .login = {*Conninfo::Parse(stranger.conninfo()), "", ""},
        .limits = {.statement_timeout = 1s, .lock_timeout = 1s},
        .per_host = patience,
        .pending = std::make_shared<PendingLogins>(),
        .done = [this, name](const Result<Connection>& connection) {
          MutexLock lock(mutex_);
          const Error why = connection ? Error{"connected"} : connection.error();
          outcomes_.push_back(name + " " + std::string(Name(Classify(why.message, why.sqlstate))));
          came_.notify_all();
        }};
  }

  std::vector<std::string> WaitFor(std::size_t count) {
    MutexLock lock(mutex_);
    const Time deadline = Now() + 10s;
    while (outcomes_.size() < count && Now() < deadline) came_.wait_for(mutex_, deadline - Now());
    return outcomes_;
  }

 private:
  Mutex mutex_;
  ConditionVariable came_;
  std::vector<std::string> outcomes_ PGREPL_GUARDED_BY(mutex_);
};

using Names = std::vector<std::string>;

TEST(ConnectorTest, DeliversHowEachAttemptEnded) {
  const Stranger gone(Manner::kRefuses);
  const Stranger starting(Manner::kAnswers, Refusal("57P03", "the database system is starting up"));
  Outcomes outcomes;
  Connector connector(1);
  connector.Submit(outcomes.Attempt("a", gone, 1s));
  connector.Submit(outcomes.Attempt("b", starting, 1s));
  EXPECT_EQ(outcomes.WaitFor(2), (Names{"a refused", "b starting"}));
}

TEST(ConnectorTest, AttemptThatHangsHoldsUpItsOwnThreadOnly) {
  const Stranger staring(Manner::kStares);
  const Stranger gone(Manner::kRefuses);
  Outcomes outcomes;
  Connector connector(2);
  connector.Submit(outcomes.Attempt("hung", staring, 1s));
  connector.Submit(outcomes.Attempt("a", gone, 1s));
  connector.Submit(outcomes.Attempt("b", gone, 1s));
  EXPECT_EQ(outcomes.WaitFor(3), (Names{"a refused", "b refused", "hung timeout"}));
}

// Its connection would stay open beside the one of another login.
TEST(ConnectorTest, HoldsNoLoginWhoseSessionHasGone) {
  const Stranger staring(Manner::kStares);
  Outcomes outcomes;
  Connector connector(1);
  Connector::Attempt attempt = outcomes.Attempt("hung", staring, 200ms);
  const std::weak_ptr<PendingLogins> pending = attempt.pending;
  connector.Submit(std::move(attempt));
  outcomes.WaitFor(1);
  const Time deadline = Now() + 10s;
  while (!pending.expired() && Now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(pending.expired());
}

// However many servers come back at once.
TEST(ConnectorTest, AttemptsAtOnceAreAsManyAsThreads) {
  constexpr int kAttempts = 20, kThreads = 5;
  constexpr Duration kPatience = 300ms;
  const Stranger staring(Manner::kStares);
  Outcomes outcomes;
  Connector connector(1);
  connector.Grow(kThreads);
  connector.Grow(2);
  const Time begin = Now();
  for (int i = 0; i < kAttempts; ++i)
    connector.Submit(outcomes.Attempt("hung", staring, kPatience));
  EXPECT_EQ(outcomes.WaitFor(kAttempts), Names(kAttempts, "hung timeout"));
  EXPECT_GE(Now() - begin, kAttempts / kThreads * kPatience);
  EXPECT_LT(Now() - begin, kAttempts / 2 * kPatience) << "two threads would take so long";
}

TEST(ConnectorTest, StopsAtOnceWhenNothingHangs) {
  Connector connector(4);
  const Time begin = Now();
  EXPECT_TRUE(connector.Stop());
  EXPECT_LT(Now() - begin, 1s);
}

TEST(ConnectorTest, IsDestroyedWhileAnAttemptHangsAndDropsIt) {
  const Stranger staring(Manner::kStares);
  const Stranger gone(Manner::kRefuses);
  Outcomes outcomes;
  const Time begin = Now();
  {
    Connector connector(1);
    connector.Submit(outcomes.Attempt("hung", staring, 1s));
    connector.Submit(outcomes.Attempt("queued", gone, 1s));
    std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(connector.Stop());
  }
  EXPECT_LT(Now() - begin, 900ms);
  std::this_thread::sleep_for(1200ms);
  EXPECT_EQ(outcomes.WaitFor(0), Names{});
}

}  // namespace
}  // namespace pgrepl
