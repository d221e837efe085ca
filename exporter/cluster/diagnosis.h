// Gathers what is known of why a standby lags, for the ranking in cause.h and for people. Pure and
// const, like the Evaluation it looks at; made anew for each page, used by one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "collectors/lag.h"
#include "collectors/settings.h"
#include "collectors/slots.h"
#include "exporter/base/clock.h"
#include "exporter/cluster/cause.h"
#include "exporter/cluster/evaluation.h"
#include "exporter/cluster/memory.h"

namespace pgrepl::cluster {

class Diagnosis {
 public:
  /// `memory` and `evaluation` must outlive it and not change meanwhile.
  Diagnosis(const Memory& memory, const Evaluation& evaluation, Time now)
      : memory_(memory), evaluation_(evaluation), now_(now), fresh_(memory.FreshAt(now)) {}

  /// Sets the cause and the evidence of a configured standby's lag.
  void Explain(std::size_t index, LagView& lag) const;
  /// Of one that only its upstream knows.
  void Explain(const Standby& other, LagView& lag) const;

  /// WAL that its upstream keeps and it has; below 0, what it needs next is gone. nullopt when the
  /// upstream doesn't tell.
  [[nodiscard]] std::optional<double> WalMargin(const Standby& standby) const;
  /// nullptr: nobody tells.
  [[nodiscard]] const SettingsFact* PrimarySettings() const;

 private:
  [[nodiscard]] CauseInputs FromUpstream(const Standby& standby, LagView& lag) const;
  void AddOwn(const Member& member, CauseInputs& inputs, LagEvidence& evidence) const;
  [[nodiscard]] Link LinkOf(const Standby& standby) const;
  [[nodiscard]] const Slot* SlotOf(const Standby& standby) const;
  [[nodiscard]] bool UpstreamLags(const Standby& standby, LagView& lag) const;
  template <typename Fact>
  [[nodiscard]] const Fact* FactOf(const Member& member, CollectorId id) const;

  const Memory& memory_;
  const Evaluation& evaluation_;
  const Time now_;
  const Freshness fresh_;
};

}  // namespace pgrepl::cluster
