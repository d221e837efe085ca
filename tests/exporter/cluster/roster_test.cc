// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/snapshot_builder.h"

namespace pgrepl::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// One connection to the primary, as its row says.
struct Connection {
  std::string slot = {};
  std::string application = "walreceiver";
  std::string client_addr = "10.0.0.2";
  std::int64_t pid = 100;
  bool temporary_slot = false;
};

class RosterTest : public testing::Test {
 protected:
  /// The next pulse sees these, newest first, and all have replied. Returns their names.
  std::vector<std::string> See(const std::vector<Connection>& connections) {
    now_ += 1s;
    std::vector<Sender> rows;
    for (const Connection& connection : connections) {
      Sender& row = rows.emplace_back(SenderOf(connection.application, 1000));
      row.pid = connection.pid;
      row.slot_name = connection.slot;
      row.temporary_slot = connection.temporary_slot;
      row.client_addr = connection.client_addr;
    }
    std::vector<SenderAt> senders;
    for (const Sender& row : rows) senders.push_back({0, "10.0.0.1:5432", &row});
    std::vector<std::string> names;
    for (const std::size_t index : roster_.Assign(senders, now_)) {
      if (replying_) roster_.Confirm(index);
      names.push_back(roster_.standbys().at(index).name);
    }
    roster_.Forget(now_);
    return names;
  }

  /// The same again for this long. Returns their names at its end.
  std::vector<std::string> SeeFor(Duration time, const std::vector<Connection>& connections) {
    std::vector<std::string> names;
    for (const Time end = now_ + time; now_ < end;) names = See(connections);
    return names;
  }

  [[nodiscard]] std::vector<std::string> Listed() const {
    std::vector<std::string> names;
    for (const Roster::Standby& standby : roster_.standbys()) {
      if (standby.listed) names.push_back(standby.name);
    }
    return names;
  }

  Time now_ = Time(1000h);
  bool replying_ = true;
  Roster roster_{{"p", "s1"}, 1h};
};

TEST_F(RosterTest, ASlotNamesTheStandby) {
  EXPECT_THAT(See({{.slot = "east", .application = "app"}}), ElementsAre("east"));
}

TEST_F(RosterTest, ElseItsApplicationName) {
  EXPECT_THAT(See({{.application = "west"}}), ElementsAre("west"));
  EXPECT_THAT(See({{.slot = "pg_basebackup_42", .application = "west", .temporary_slot = true}}),
              ElementsAre("west"));
}

TEST_F(RosterTest, ElseAnOrdinal) {
  EXPECT_THAT(See({{.application = ""}, {.application = "", .client_addr = "10.0.0.3"}}),
              testing::UnorderedElementsAre("standby", "standby-2"));
}

TEST_F(RosterTest, EqualNamesAreToldApartByOrdinalsNeverByAddresses) {
  EXPECT_THAT(See({{.client_addr = "10.0.0.2"}, {.client_addr = "10.0.0.3"}, {.client_addr = ""}}),
              testing::UnorderedElementsAre("walreceiver", "walreceiver-2", "walreceiver-3"));
}

// Its last connection is seen beside the next one, for a moment.
TEST_F(RosterTest, OneThatReconnectsAgainAndAgainIsOneStandby) {
  for (std::int64_t pid = 100; pid < 120; ++pid) {
    SeeFor(2s, {{.pid = pid}});
    See({{.pid = pid + 1}, {.pid = pid}});
  }
  EXPECT_THAT(Listed(), ElementsAre("walreceiver"));
}

TEST_F(RosterTest, OneThatIsHardlyEverThereIsListedAllTheSame) {
  for (std::int64_t pid = 100; pid < 103; ++pid) {
    SeeFor(2s, {{.pid = pid}});
    SeeFor(2s, {});
  }
  EXPECT_THAT(Listed(), ElementsAre("walreceiver"));
}

TEST_F(RosterTest, AConfiguredNameIsTaken) {
  EXPECT_THAT(See({{.slot = "s1"}}), ElementsAre("s1-2"));
}

/// Two standbys of the same name, on the page.
class TwoOfOneNameTest : public RosterTest {
 protected:
  void SetUp() override {
    const std::vector<std::string> names = SeeFor(10s, {a_, b_});
    a_name_ = names[0];
    b_name_ = names[1];
  }

  const Connection a_{.client_addr = "10.0.0.2", .pid = 100};
  const Connection b_{.client_addr = "10.0.0.3", .pid = 200};
  std::string a_name_, b_name_;
};

TEST_F(TwoOfOneNameTest, KeepTheirNamesInWhateverOrderRowsCome) {
  EXPECT_THAT(See({b_, a_}), ElementsAre(b_name_, a_name_));
}

TEST_F(TwoOfOneNameTest, KeepTheirNamesOverAReconnect) {
  SeeFor(30s, {b_});
  const Connection again{.client_addr = a_.client_addr, .pid = 300};
  EXPECT_THAT(SeeFor(10s, {again, b_}), ElementsAre(a_name_, b_name_));
  EXPECT_EQ(Listed().size(), 2U);
}

TEST_F(TwoOfOneNameTest, KeepTheirNamesWhenOneMovesToAnotherAddress) {
  const Connection a_moved{.client_addr = "10.0.0.8", .pid = 300};
  const Connection b_moved{.client_addr = "10.0.0.9", .pid = 300};
  EXPECT_THAT(SeeFor(10s, {b_moved, a_}), ElementsAre(b_name_, a_name_));
  EXPECT_THAT(SeeFor(10s, {a_moved, b_moved}), ElementsAre(a_name_, b_name_));
  EXPECT_EQ(Listed().size(), 2U);
}

TEST_F(TwoOfOneNameTest, BehindOneAddressAreToldApartByTheirConnections) {
  const Connection a{.client_addr = "10.9.9.9", .pid = 300};
  const Connection b{.client_addr = "10.9.9.9", .pid = 400};
  const std::vector<std::string> names = SeeFor(10s, {a, b});
  EXPECT_THAT(See({b, a}), ElementsAre(names[1], names[0]));
}

TEST_F(RosterTest, ADeadConnectionBesideItsSuccessorIsNeverListed) {
  const Connection dead{.pid = 100};
  const Connection successor{.pid = 300};
  const std::vector<std::string> before = SeeFor(10s, {dead});
  replying_ = false;
  SeeFor(60s, {successor, dead});
  EXPECT_EQ(Listed(), before);
  EXPECT_EQ(SeeFor(20s, {successor}), before);
  EXPECT_EQ(roster_.standbys().size(), 1U);
}

TEST_F(RosterTest, WhatServesAConfiguredServerAfterAllGoesAtOnce) {
  SeeFor(10s, {{.application = "west"}, {.application = "west", .client_addr = "10.0.0.3"}});
  Sender west = SenderOf("west", 1000);
  west.client_addr = "10.0.0.3";
  west.pid = 555;
  roster_.Disown(west);
  EXPECT_EQ(See({{.application = "west"}}).size(), 1U);
  EXPECT_EQ(Listed().size(), 1U);
  EXPECT_EQ(roster_.standbys().size(), 1U);
}

TEST_F(RosterTest, IsListedOnlyAfterSomeSeconds) {
  SeeFor(3s, {{.slot = "east"}});
  EXPECT_THAT(Listed(), IsEmpty());
  SeeFor(2s, {{.slot = "east"}});
  EXPECT_THAT(Listed(), ElementsAre("east"));
}

TEST_F(RosterTest, APassingConnectionLeavesNothing) {
  SeeFor(2s, {{.slot = "east"}});
  SeeFor(15s, {});
  EXPECT_THAT(roster_.standbys(), IsEmpty());
}

TEST_F(RosterTest, RemembersOneThatVanishedAndForgetsItInTime) {
  SeeFor(10s, {{.slot = "east"}, {.slot = "west"}});
  SeeFor(59min, {{.slot = "west"}});
  EXPECT_THAT(Listed(), testing::UnorderedElementsAre("east", "west"));
  SeeFor(2min, {{.slot = "west"}});
  EXPECT_THAT(Listed(), ElementsAre("west"));
}

TEST_F(RosterTest, ReportsWhichRemain) {
  SeeFor(10s, {{.slot = "a"}, {.slot = "b"}, {.slot = "c"}});
  std::vector<std::string> names;
  for (const Roster::Standby& standby : roster_.standbys()) names.push_back(standby.name);
  SeeFor(30min, {{.slot = "b"}});
  const std::vector<std::size_t> kept = roster_.Forget(now_ + 31min);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(names.at(kept.front()), "b");
  EXPECT_EQ(roster_.standbys().at(0).name, "b");
}

TEST_F(RosterTest, HasRoomForTwoHundredAndKeepsThoseItHas) {
  std::vector<Connection> many;
  for (int i = 0; i < 150; ++i) many.push_back({.slot = "first_" + std::to_string(i)});
  SeeFor(10s, many);
  for (int i = 0; i < 150; ++i) many.push_back({.slot = "second_" + std::to_string(i)});
  SeeFor(10s, many);
  const std::vector<std::string> listed = Listed();
  EXPECT_EQ(listed.size(), 200U);
  EXPECT_EQ(std::count_if(listed.begin(), listed.end(),
                          [](const std::string& name) { return name.starts_with("first_"); }),
            150);
}

}  // namespace
}  // namespace pgrepl::cluster
