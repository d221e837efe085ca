// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/timetable.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

constexpr Time kNever = Timetable::kNever;
constexpr Time kStart{};

TEST(TimetableTest, NothingIsDueInAnEmptyOne) { EXPECT_EQ(Timetable().Next(), kNever); }

TEST(TimetableTest, WhatIsDueFirstComesFirst) {
  Timetable times;
  times.Move(1, kNever, kStart + 3s);
  times.Move(2, kNever, kStart + 1s);
  EXPECT_EQ(times.Next(), kStart + 1s);
  EXPECT_EQ(times.First(), 2U);
}

TEST(TimetableTest, WhatWasMovedIsDueOnce) {
  Timetable times;
  times.Move(1, kNever, kStart + 1s);
  times.Move(2, kNever, kStart + 2s);
  times.Move(1, kStart + 1s, kStart + 3s);
  EXPECT_EQ(times.First(), 2U);
  times.Move(2, kStart + 2s, kNever);
  EXPECT_EQ(times.First(), 1U);
  EXPECT_EQ(times.Next(), kStart + 3s);
  times.Move(1, kStart + 3s, kNever);
  EXPECT_EQ(times.Next(), kNever);
}

TEST(TimetableTest, TwoMayBeDueAtTheSameMoment) {
  Timetable times;
  times.Move(1, kNever, kStart + 1s);
  times.Move(2, kNever, kStart + 1s);
  times.Move(times.First(), kStart + 1s, kNever);
  EXPECT_EQ(times.Next(), kStart + 1s);
}

TEST(TimetableTest, ClearedItIsEmpty) {
  Timetable times;
  times.Move(1, kNever, kStart + 1s);
  times.Clear();
  EXPECT_EQ(times.Next(), kNever);
}

}  // namespace
}  // namespace pgrepl
