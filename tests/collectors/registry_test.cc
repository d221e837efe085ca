// What all collectors promise, whoever adds one.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <regex>
#include <set>

namespace pgrepl {
namespace {

constexpr int kMajors[] = {12, 13, 14, 15, 16, 17, 18};
constexpr Role kRoles[] = {Role::kPrimary, Role::kStandby};

// Calls `check` with every family and the collector it belongs to.
template <typename Check>
void ForEachFamily(Check check) {
  for (const Collector* collector : Collectors()) {
    for (const Family* family : collector->families) {
      SCOPED_TRACE(std::string(collector->name) + ", " + std::string(family->name.view()));
      check(*collector, *family);
    }
  }
}

template <typename Check>
void ForEachStatement(Check check) {
  for (const Collector* collector : Collectors()) {
    for (const Statement& statement : collector->statements) {
      SCOPED_TRACE(std::string(collector->name) + std::string(statement.sql));
      check(*collector, statement);
    }
  }
}

TEST(RegistryTest, OneSpellingOfEachName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    EXPECT_EQ(Collectors()[i]->name, CollectorNames()[i]);
    EXPECT_TRUE(names.insert(CollectorNames()[i]).second) << CollectorNames()[i];
  }
}

TEST(CollectorSetTest, WhatIsAddedComesAfterOurs) {
  CollectorSet set;
  set.Add(std::make_shared<const Collector>(Collector{.name = "added"}));
  set.Switch(static_cast<std::size_t>(CollectorId::kSlots), false);
  const CollectorSet copy = set;
  ASSERT_EQ(copy.size(), kCollectorCount + 1);
  EXPECT_EQ(copy[kCollectorCount].name, "added");
  EXPECT_EQ(copy.all().back(), &set[kCollectorCount]);
  for (std::size_t i = 0; i < copy.size(); ++i) {
    EXPECT_EQ(copy.IsOn(i), i != static_cast<std::size_t>(CollectorId::kSlots));
  }
}

TEST(RegistryTest, EveryCollectorIsComplete) {
  for (const Collector* collector : Collectors()) {
    SCOPED_TRACE(collector->name);
    EXPECT_FALSE(collector->help.empty() || collector->help.ends_with('.'));
    EXPECT_FALSE(collector->families.empty());
    EXPECT_EQ(collector->statements.empty(), collector->decode == nullptr);
    EXPECT_NE(collector->emit, nullptr);
  }
}

TEST(RegistryTest, EveryFamilyIsInOneCollector) {
  std::map<std::string_view, std::string_view> owners;
  ForEachFamily([&](const Collector& collector, const Family& family) {
    const auto [owner, fresh] = owners.emplace(family.name.view(), collector.name);
    EXPECT_TRUE(fresh) << "also in " << owner->second;
  });
}

TEST(RegistryTest, HelpIsOneSentence) {
  ForEachFamily([](const Collector&, const Family& family) {
    EXPECT_TRUE(
        std::regex_match(std::string(family.help), std::regex("[A-Z0-9][^\n]*[a-z0-9)]\\.")))
        << family.help;
    EXPECT_EQ(family.help.find("  "), std::string_view::npos) << family.help;
  });
}

TEST(RegistryTest, CountersAndOnlyTheyEndInTotal) {
  ForEachFamily([](const Collector&, const Family& family) {
    EXPECT_EQ(family.type == MetricType::kCounter, family.name.view().ends_with("_total"));
  });
}

TEST(RegistryTest, UnitsAreBaseUnitsAndStandAtTheEnd) {
  const std::regex other_units(
      ".*_(ms|us|ns|milliseconds|microseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|"
      "percent|segments)(_.*)?");
  const std::regex unit_inside(".*_(seconds|bytes|ratio|info|timestamp)_(?!total$|seconds$).*");
  ForEachFamily([&](const Collector&, const Family& family) {
    const std::string name(family.name.view());
    EXPECT_FALSE(std::regex_match(name, other_units));
    EXPECT_FALSE(std::regex_match(name, unit_inside));
    if (name.find("timestamp") != std::string::npos) {
      EXPECT_TRUE(name.ends_with("_timestamp_seconds"));
    }
  });
}

// A number whose help says what it counts in has that unit in its name as well.
TEST(RegistryTest, WhatHelpCountsInIsInTheName) {
  ForEachFamily([](const Collector&, const Family& family) {
    const std::string name(family.name.view());
    const std::string help(family.help);
    if (std::regex_search(help, std::regex("^(Size|WAL bytes|.* bytes since)"))) {
      EXPECT_TRUE(name.ends_with("_bytes")) << help;
    }
    if (std::regex_search(help, std::regex("^(How long|Exporter's time since|Intended delay)"))) {
      EXPECT_TRUE(name.ends_with("_seconds")) << help;
    }
    if (help.starts_with("When ")) {
      EXPECT_TRUE(name.ends_with("_timestamp_seconds")) << help;
    }
  });
}

TEST(RegistryTest, LabelsAreStable) {
  // What moves with a restart is a label of _info families only.
  const std::set<std::string_view> moving = {"client_addr", "sender_host", "sender_port", "address",
                                             "version"};
  ForEachFamily([&](const Collector&, const Family& family) {
    std::set<std::string_view> seen = {"pg_cluster", "server",   "cluster", "pid",
                                       "le",         "instance", "job"};
    for (const std::string_view label : family.labels) {
      EXPECT_TRUE(seen.insert(label).second) << label;
      EXPECT_TRUE(std::regex_match(std::string(label), std::regex("[a-z][a-z_]*"))) << label;
      EXPECT_TRUE(!moving.contains(label) || family.name.view().ends_with("_info")) << label;
    }
  });
}

// Its answer is one boolean, and a function that isn't there is NULL, not an error.
TEST(RegistryTest, PermissionIsAskedByName) {
  ForEachStatement([](const Collector& collector, const Statement& statement) {
    const std::string sql(statement.permission);
    EXPECT_EQ(sql.empty(), statement.sql.find("pg_ls_") == std::string_view::npos);
    const std::regex guarded("to_regprocedure\\('pg_[a-z_]+\\([a-z,]*\\)'\\), 'EXECUTE'\\)");
    EXPECT_EQ(sql.empty(), !std::regex_search(sql, guarded)) << sql;
    EXPECT_TRUE(sql.empty() || collector.cadence == Cadence::kSlow) << "only such are asked first";
  });
}

TEST(RegistryTest, StatementsNameTheirColumnsAndOnlyRead) {
  const std::regex forbidden(
      "SELECT\\s+\\*|\\.\\*|;|"
      "\\b(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|SET|RESET|COPY|DO|CALL|LOCK|"
      "TRUNCATE|"
      "VACUUM|NOTIFY|LISTEN)\\b");
  ForEachStatement([&](const Collector&, const Statement& statement) {
    const std::string sql(statement.sql);
    std::smatch found;
    EXPECT_FALSE(std::regex_search(sql, found, forbidden)) << found.str();
    EXPECT_TRUE(sql.starts_with("\nSELECT ") && sql.ends_with("\n"));
  });
}

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What can be long has a limit: libpq buffers a whole result.
TEST(RegistryTest, StatementsAnswerOneRowOrALimitedNumber) {
  ForEachStatement([](const Collector& collector, const Statement& statement) {
    constexpr std::string_view kLists[] = {"senders",       "slots", "decoding",
                                           "subscriptions", "sync",  "backup"};
    const bool lists = IsOneOf(kLists, collector.name);
    EXPECT_EQ(statement.sql.find("\n LIMIT 1000\n") != std::string_view::npos, lists);
  });
}

TEST(RegistryTest, ParametersAreThoseTheServersConfigurationHas) {
  ForEachStatement([](const Collector& collector, const Statement& statement) {
    const bool has_parameter = statement.sql.find("$1") != std::string_view::npos;
    EXPECT_EQ(has_parameter, collector.needs != Needs::kNothing);
    EXPECT_EQ(statement.sql.find("$2"), std::string_view::npos);
  });
}

// "13-18": the majors for which the collector has a statement in this role.
std::string Coverage(const Collector& collector, Role role) {
  std::vector<int> majors;
  for (const int major : kMajors) {
    if (Choose(collector.statements, PgVersion(major), role) != nullptr) majors.push_back(major);
  }
  if (majors.empty()) return "never";
  return std::to_string(majors.front()) + "-" + std::to_string(majors.back());
}

TEST(RegistryTest, EachRunsOnTheVersionsAndRolesItIsFor) {
  for (const Collector* collector : Collectors()) {
    if (collector->statements.empty()) continue;  // computed from what others read
    SCOPED_TRACE(collector->name);
    constexpr std::string_view kOfStandbys[] = {"receiver", "recovery", "conflicts", "prefetch"};
    constexpr std::string_view kOfPrimaries[] = {"sync", "subscriptions"};
    const std::string_view name = collector->name;
    const std::string majors = name == "prefetch"   ? "15-18"
                               : name == "decoding" ? "14-18"
                                                    : "12-18";
    EXPECT_EQ(Coverage(*collector, Role::kPrimary), IsOneOf(kOfStandbys, name) ? "never" : majors);
    EXPECT_EQ(Coverage(*collector, Role::kStandby), IsOneOf(kOfPrimaries, name) ? "never" : majors);
  }
}

TEST(RegistryTest, NewestStatementComesFirst) {
  for (const Collector* collector : Collectors()) {
    SCOPED_TRACE(collector->name);
    for (const Role role : kRoles) {
      std::vector<int> versions;
      for (const Statement& statement : collector->statements) {
        if (statement.role.value_or(role) == role) versions.push_back(statement.min_version);
      }
      EXPECT_TRUE(std::is_sorted(versions.rbegin(), versions.rend()));
      EXPECT_EQ(std::adjacent_find(versions.begin(), versions.end()), versions.end());
    }
  }
}

TEST(RegistryTest, EveryStatementIsChosenSomewhere) {
  ForEachStatement([](const Collector& collector, const Statement& statement) {
    bool chosen = false;
    for (const int major : kMajors) {
      for (const Role role : kRoles) {
        chosen |= Choose(collector.statements, PgVersion(major), role) == &statement;
      }
    }
    EXPECT_TRUE(chosen);
  });
}

}  // namespace
}  // namespace pgrepl
