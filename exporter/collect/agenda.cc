// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/agenda.h"

#include <algorithm>

#include "exporter/collect/refusal.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

// A statement that the server refuses writes a line to the server's log each time: it is tried
// again after this, and after twice as long each time, up to 16 times that.
constexpr Duration kRetryRefused = 60s;
constexpr int kMostDoublings = 4;
constexpr Time kNever = Time::max();

}  // namespace

void Agenda::Connect(int version, Time now) {
  version_ = version;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (options_.collectors[i].is_foreign) continue;
    const bool is_postponed = options_.collectors[i].cadence == Cadence::kSlow &&
                              entry.refusals > 0 && entry.due != kNever;
    entry = is_postponed ? Entry{.due = entry.due, .refusals = entry.refusals} : Entry{.due = now};
  }
}

void Agenda::ChangeRole(Time now) {
  for (Entry& entry : entries_) {
    entry.due = std::min(entry.due, now);
    entry.passed_over = 0;
  }
}

void Agenda::Resume(Time now) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    // A foreign query may be why it did not answer.
    if (options_.collectors[i].is_foreign || entry.refusals > 0 || entry.due == kNever) continue;
    entry.due = std::min(entry.due, now);
  }
}

bool Agenda::Has(std::size_t collector) const {
  const Collector& declared = options_.collectors[collector];
  if (!options_.collectors.IsOn(collector) || declared.statements.empty()) return false;
  return declared.needs != Needs::kArchiveDirectory || options_.has_archive_directory;
}

const Statement* Agenda::StatementOf(std::size_t collector, Role role) const {
  const Collector& declared = options_.collectors[collector];
  if (!Has(collector)) return nullptr;
  if (declared.needs == Needs::kArchiveDirectory && !ask_server_for_directory_) return nullptr;
  return Choose(declared.statements, version_, role, entries_[collector].passed_over);
}

bool Agenda::IsDue(std::size_t collector, Role role, Time now) const {
  return entries_[collector].due <= now && StatementOf(collector, role) != nullptr;
}

std::optional<std::size_t> Agenda::DueListing(Role role, Time now) const {
  std::optional<std::size_t> longest;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (options_.collectors[i].cadence != Cadence::kSlow || !IsDue(i, role, now)) continue;
    if (!longest || entries_[i].due < entries_[*longest].due) longest = i;
  }
  return longest;
}

void Agenda::Ran(std::size_t collector, bool success, Time now) {
  const Collector& declared = options_.collectors[collector];
  Duration pause{};
  switch (declared.cadence) {
    case Cadence::kPulse:
      break;
    case Cadence::kNormal:
      // Slightly early, so that the pulse nearest to the interval takes it.
      pause = options_.interval - options_.interval / 20;
      break;
    case Cadence::kSlow:
      pause = options_.slow_interval;
      break;
  }
  if (declared.interval > Duration{}) pause = declared.interval - declared.interval / 20;
  if (declared.is_foreign && !success) pause = std::max<Duration>(pause, kRetryRefused);
  entries_[collector].due = now + pause;
  if (success) entries_[collector].refusals = 0;
}

bool Agenda::PassOver(std::size_t collector, Role role, const Error& error, Time now) {
  // Its statements are for the versions that their author names.
  if (!IsMissing(error) || options_.collectors[collector].is_foreign) return false;
  Entry& entry = entries_[collector];
  ++entry.passed_over;
  if (StatementOf(collector, role) == nullptr) {
    --entry.passed_over;
    return false;
  }
  entry.due = now;
  return true;
}

void Agenda::Postpone(std::size_t collector, const Error& error, Time now) {
  const Collector& declared = options_.collectors[collector];
  if (declared.is_foreign) return;  // Ran has done it
  Entry& entry = entries_[collector];
  if (IsMissing(error)) {
    entry.due = kNever;
    return;
  }
  const bool is_listing = declared.cadence == Cadence::kSlow;
  if (!IsRefusal(error) && !(is_listing && IsTimeout(error))) return;
  TryMoreRarely(entry, now);
}

void Agenda::Suspect(std::size_t collector, Time now) {
  if (!options_.collectors[collector].is_foreign) TryMoreRarely(entries_[collector], now);
}

void Agenda::TryMoreRarely(Entry& entry, Time now) {
  const Duration pause = std::max<Duration>(entry.due - now, kRetryRefused);
  entry.due = now + pause * (1 << std::min(entry.refusals++, kMostDoublings));
}

}  // namespace pgrepl
