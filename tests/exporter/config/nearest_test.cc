// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/nearest.h"

#include <gtest/gtest.h>

namespace pgrepl::config {
namespace {

constexpr std::string_view kWords[] = {"name", "conninfo", "password_file", "max_lag"};

TEST(NearestTest, FindsTypingErrors) {
  EXPECT_EQ(Nearest("coninfo", kWords), "conninfo");
  EXPECT_EQ(Nearest("conninof", kWords), "conninfo");
  EXPECT_EQ(Nearest("Max-Lag", kWords), "max_lag");
  EXPECT_EQ(Nearest("passwrd_fil", kWords), "password_file");
}

TEST(NearestTest, SuggestsNothingForAnotherWord) {
  EXPECT_EQ(Nearest("target", kWords), "");
  EXPECT_EQ(Nearest("", kWords), "");
  EXPECT_EQ(Nearest("x", kWords), "");
  EXPECT_EQ(Nearest(std::string(1'000'000, 'n'), kWords), "");
}

TEST(UnknownTest, ListsTheKnownWhenNoneIsNear) {
  EXPECT_EQ(Unknown("key", "nmae", kWords), "unknown key 'nmae'; did you mean 'name'?");
  EXPECT_EQ(Unknown("key", "target", kWords),
            "unknown key 'target'; known: name, conninfo, password_file, max_lag");
}

TEST(QuotedTest, HidesWhatMayHoldAPassword) {
  EXPECT_EQ(Quoted("password=secret"), "(not shown)");
  EXPECT_EQ(Quoted("postgres://u:secret@h"), "(not shown)");
  EXPECT_EQ(Quoted("u:secret@h"), "(not shown)");
  EXPECT_EQ(Quoted("10.0.0.1:5432"), "'10.0.0.1:5432'");
}

TEST(QuotedTest, StaysOnOneShortLine) {
  EXPECT_EQ(Quoted("a\nb\x7f"), "'a?b?'");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "'" + std::string(64, 'x') + "...'");
}

}  // namespace
}  // namespace pgrepl::config
