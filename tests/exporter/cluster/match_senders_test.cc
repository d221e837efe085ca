// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "exporter/cluster/roster.h"
#include "tests/support/snapshot_builder.h"

namespace pgrepl::cluster {
namespace {

constexpr int kNobody = -1;
constexpr int kAmbiguous = -2;

/// Configured servers and the rows seen on them; server 0 is the primary.
class MatchSendersTest : public testing::Test {
 protected:
  MatchSendersTest() { NeverReached("p"); }

  Identity& NeverReached(const std::string& name) {
    return servers_.emplace_back(Identity{.name = name});
  }

  /// A server whose receiver was seen to stream from the primary.
  Identity& Reached(const std::string& name, const std::string& slot,
                    const std::string& application = "walreceiver") {
    return servers_.emplace_back(Identity{.name = name,
                                          .slot_name = slot,
                                          .application_name = application,
                                          .upstream = "10.0.0.1:5432",
                                          .host = "10.0.0." + std::to_string(servers_.size() + 1),
                                          .seen = true});
  }

  Sender& Row(const std::string& slot, const std::string& application = "walreceiver",
              const std::string& client_addr = "10.9.9.9") {
    return RowOn(0, "10.0.0.1:5432", slot, application, client_addr);
  }

  Sender& RowOn(std::size_t upstream, const std::string& address, const std::string& slot,
                const std::string& application = "walreceiver",
                const std::string& client_addr = "10.9.9.9") {
    Sender& sender = rows_.emplace_back(SenderOf(application, 1000));
    sender.slot_name = slot;
    sender.client_addr = client_addr;
    senders_.push_back({upstream, address, &sender});
    return sender;
  }

  /// For each row the index of its server.
  [[nodiscard]] std::vector<int> Matches() const {
    std::vector<int> out;
    for (const Match& match : MatchSenders(senders_, {servers_.begin(), servers_.end()})) {
      out.push_back(match.ambiguous ? kAmbiguous
                                    : static_cast<int>(match.server.value_or(std::size_t(-1))));
    }
    return out;
  }

  std::deque<Identity> servers_;
  std::deque<Sender> rows_;
  std::vector<SenderAt> senders_;
};

using Indexes = std::vector<int>;

TEST_F(MatchSendersTest, MatchesByTheSlotThatTheReceiverNames) {
  Reached("s1", "slot_a");
  Reached("s2", "slot_b");
  Row("slot_b");
  Row("slot_a");
  EXPECT_EQ(Matches(), (Indexes{2, 1}));
}

TEST_F(MatchSendersTest, MatchesByTheApplicationNameThatTheReceiverNames) {
  Reached("s1", "", "east");
  Reached("s2", "", "west");
  Row("", "west");
  Row("", "east");
  EXPECT_EQ(Matches(), (Indexes{2, 1}));
}

TEST_F(MatchSendersTest, WhatWasSeenMustAgreeInBoth) {
  Reached("s1", "slot_a", "east");
  Row("slot_a", "west");
  Row("", "east");
  EXPECT_EQ(Matches(), (Indexes{kNobody, kNobody}));
}

TEST_F(MatchSendersTest, AServerNeverReachedIsMatchedByItsConfiguredName) {
  NeverReached("s1");
  NeverReached("s2");
  Row("s2");
  Row("", "s1");
  EXPECT_EQ(Matches(), (Indexes{2, 1}));
}

TEST_F(MatchSendersTest, ASlotHasUnderscoresWhereTheNameHasDashes) {
  NeverReached("db-1");
  NeverReached("db_2");
  Row("db_1");
  Row("", "db-2");
  Row("db_3");
  EXPECT_EQ(Matches(), (Indexes{1, 2, kNobody}));
}

TEST_F(MatchSendersTest, ATemporarySlotIsNoName) {
  NeverReached("s1");
  Row("s1").temporary_slot = true;
  EXPECT_EQ(Matches(), (Indexes{kNobody}));
}

TEST_F(MatchSendersTest, AConfiguredNameIsNothingToAServerThatWasSeen) {
  Reached("s1", "slot_a");
  Row("s1", "s1");
  EXPECT_EQ(Matches(), (Indexes{kNobody}));
}

TEST_F(MatchSendersTest, TheSlotOfANameCountsMoreThanTheApplicationName) {
  NeverReached("s1");
  Row("", "s1");
  Row("s1", "other");
  EXPECT_EQ(Matches(), (Indexes{kNobody, 1}));
}

TEST_F(MatchSendersTest, DefaultNamesAreToldApartByTheAddress) {
  Reached("s1", "").host = "10.0.0.2";
  Reached("s2", "").host = "10.0.0.3";
  Row("", "walreceiver", "10.0.0.3");
  Row("", "walreceiver", "10.0.0.2");
  EXPECT_EQ(Matches(), (Indexes{2, 1}));
}

TEST_F(MatchSendersTest, DefaultNamesThroughAProxyAreGivenToNobody) {
  Reached("s1", "");
  Reached("s2", "");
  Row("", "walreceiver", "10.9.9.9");
  Row("", "walreceiver", "10.9.9.9");
  EXPECT_EQ(Matches(), (Indexes{kAmbiguous, kAmbiguous}));
}

TEST_F(MatchSendersTest, OneProxiedAmongDefaultNamesIsToldByWhatRemains) {
  Reached("s1", "").host = "10.0.0.2";
  Reached("s2", "");
  Row("", "walreceiver", "10.9.9.9");
  Row("", "walreceiver", "10.0.0.2");
  EXPECT_EQ(Matches(), (Indexes{2, 1}));
}

TEST_F(MatchSendersTest, AProxysAddressDoesNotHinderAName) {
  Reached("s1", "slot_a").upstream = "proxy:6432";
  Row("slot_a", "walreceiver", "10.9.9.9");
  EXPECT_EQ(Matches(), (Indexes{1}));
}

TEST_F(MatchSendersTest, OfTwoUpstreamsTheOneThatTheReceiverNames) {
  NeverReached("other");
  Reached("s1", "slot_a").upstream = "10.0.0.8:5432";
  RowOn(0, "10.0.0.1:5432", "slot_a");
  RowOn(1, "10.0.0.8:5432", "slot_a");
  EXPECT_EQ(Matches(), (Indexes{kNobody, 2}));
}

TEST_F(MatchSendersTest, AMemberOfACascadeIsMatchedAtItsOwnUpstream) {
  Reached("s1", "s1");
  Reached("s2", "s2").upstream = "10.0.0.2:5432";
  Row("s1");
  RowOn(1, "10.0.0.2:5432", "s2");
  EXPECT_EQ(Matches(), (Indexes{1, 2}));
}

TEST_F(MatchSendersTest, NoServerStreamsFromItself) {
  Reached("s1", "");
  RowOn(1, "10.0.0.2:5432", "", "walreceiver", "10.0.0.2");
  EXPECT_EQ(Matches(), (Indexes{kNobody}));
}

TEST_F(MatchSendersTest, OfTwoConnectionsOfOneStandbyTheNewerCounts) {
  Reached("s1", "");
  Row("");  // newest first, as PostgreSQL is asked
  Row("");  // of before the network was cut, until wal_sender_timeout
  EXPECT_EQ(Matches(), (Indexes{1, kNobody}));
}

TEST_F(MatchSendersTest, OneServerConfiguredTwiceTakesNoRow) {
  Reached("s1", "slot_a").host = "10.0.0.2";
  Reached("again", "slot_a").host = "10.0.0.2";
  Row("slot_a", "walreceiver", "10.0.0.2");
  EXPECT_EQ(Matches(), (Indexes{kAmbiguous}));
}

}  // namespace
}  // namespace pgrepl::cluster
