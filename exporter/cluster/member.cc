// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/member.h"

#include "collectors/slots.h"

namespace pgrepl::cluster {

const PositionFact* PositionOf(const ServerSnapshot& snapshot) {
  return static_cast<const PositionFact*>(snapshot.Of(CollectorId::kLag).fact.get());
}

Duration ClusterOptions::MaxAge(Cadence cadence) const {
  switch (cadence) {
    case Cadence::kPulse:
      return 2 * pulse_interval + pulse_deadline;
    case Cadence::kNormal:
      return 3 * interval;
    case Cadence::kSlow:
      return 3 * slow_interval;
  }
  return {};
}

Duration ClusterOptions::MaxAge(const Collector& collector) const {
  return collector.interval > Duration{} ? 3 * collector.interval : MaxAge(collector.cadence);
}

void Member::ForgetSystem() {
  timeline.reset();
  archived_end.reset();
  wal_written.Interrupt();
  standby.timeline.reset();
  standby.confirmed.reset();
  standby.highest.reset();
  slot_watch = {};
}

void Member::FollowSlots() {
  const CollectedFact& slots = snapshot->Of(CollectorId::kSlots);
  if (!slots.fact) return;
  slot_watch.See(static_cast<const SlotsFact*>(slots.fact.get())->slots, slots.at);
}

bool Member::IsLivePrimary() const { return role == Role::kPrimary && snapshot && snapshot->up; }

bool Member::TellsPosition(const Freshness& fresh) const {
  if (!IsLivePrimary() || !fresh(snapshot->Of(CollectorId::kLag).at)) return false;
  const PositionFact* position = PositionOf(*snapshot);
  return position != nullptr && position->flushed;
}

bool Member::IsOfSystem(const std::string& identifier) const {
  return identifier.empty() || system_identifier.empty() || system_identifier == identifier;
}

bool Member::IsSameServer(const Member& other) const {
  const auto server = [](const Member& member) -> const ServerFact* {
    if (!member.snapshot || !member.snapshot->up) return nullptr;
    return static_cast<const ServerFact*>(member.snapshot->Of(CollectorId::kServer).fact.get());
  };
  const ServerFact* a = server(*this);
  const ServerFact* b = server(other);
  return a != nullptr && b != nullptr && a->start_time > 0 && a->start_time == b->start_time &&
         a->system_identifier == b->system_identifier;
}

}  // namespace pgrepl::cluster
