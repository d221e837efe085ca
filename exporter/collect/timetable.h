// When each of many things is due: asking what is costs no more than what is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "exporter/base/clock.h"

namespace pgrepl {

class Timetable {
 public:
  using Id = std::uint64_t;

  static constexpr Time kNever = Time::max();

  /// `from` is what it was moved to last, kNever at first.
  void Move(Id id, Time from, Time to) {
    if (from == to) return;
    if (from != kNever) entries_.erase({from, id});
    if (to != kNever) entries_.insert({to, id});
  }

  void Clear() { entries_.clear(); }

  [[nodiscard]] Time Next() const { return entries_.empty() ? kNever : entries_.begin()->first; }
  /// Due at Next(), where that is not kNever.
  [[nodiscard]] Id First() const { return entries_.begin()->second; }

 private:
  std::set<std::pair<Time, Id>> entries_;
};

}  // namespace pgrepl
