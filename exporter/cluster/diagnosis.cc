// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/diagnosis.h"

#include <algorithm>

#include "collectors/recovery.h"
#include "collectors/wal.h"

namespace pgrepl::cluster {
namespace {

// Seconds from which a lag is one. Once it is, half of it has to be made up for: a lag that swings
// around the line has one cause, not two by turns.
constexpr double kLagging = 1;
constexpr double kStillLagging = 0.5;
// Seconds by which a cascaded standby may exceed its upstream and still only share its lag.
constexpr double kUpstreamSlack = 1;

bool WaitsForASession(const RecoveryFact& recovery) {
  return recovery.wait_event.starts_with("RecoveryConflict") ||
         recovery.wait_event_type == "Lock" || recovery.wait_event_type == "BufferPin";
}

// PostgreSQL 12 shows no wait in a conflict over rows. What stands still without a wait, while a
// transaction is older than that, waits for it.
bool SeemsToWaitForASession(const RecoveryFact& recovery, int version, Duration still) {
  constexpr Duration kTooLongForOneRecord = std::chrono::seconds(3);
  return version < PgVersion(13) && recovery.wait_event_type.empty() &&
         still > kTooLongForOneRecord && recovery.oldest_transaction > Seconds(still);
}

}  // namespace

template <typename Fact>
const Fact* Diagnosis::FactOf(const Member& member, CollectorId id) const {
  if (!member.snapshot) return nullptr;
  const CollectedFact& collected = member.snapshot->Of(id);
  const Freshness fresh{now_,
                        memory_.options().MaxAge(*Collectors()[static_cast<std::size_t>(id)])};
  return fresh(collected.at) ? static_cast<const Fact*>(collected.fact.get()) : nullptr;
}

void Diagnosis::Explain(std::size_t index, LagView& lag) const {
  const Member& member = memory_.members()[index];
  CauseInputs inputs = FromUpstream(member.standby, lag);
  inputs.different_system = !member.IsOfSystem(memory_.system());
  AddOwn(member, inputs, lag.evidence);
  lag.cause = CauseOf(inputs);
}

void Diagnosis::Explain(const Standby& other, LagView& lag) const {
  lag.cause = CauseOf(FromUpstream(other, lag));
}

CauseInputs Diagnosis::FromUpstream(const Standby& standby, LagView& lag) const {
  const Sender* row = standby.FreshSender(fresh_);
  CauseInputs inputs{.lagging = lag.seconds > (standby.lagging ? kStillLagging : kLagging),
                     .lag = lag.seconds,
                     .diverged = evaluation_.CannotFollow(standby),
                     .upstream_lags = UpstreamLags(standby, lag),
                     .link = LinkOf(standby),
                     .stalled = standby.link.IsStalled(now_),
                     .catching_up = row != nullptr && row->state == "catchup",
                     .slowest_stage = standby.stages.Slowest()};
  if (const auto silent = standby.link.SilentSince()) {
    lag.evidence.silent_seconds = std::max(0.0, Seconds(now_ - *silent));
  }
  if (const Slot* slot = SlotOf(standby)) {
    inputs.slot_lost = slot->wal_status == "lost";
    lag.evidence.slot_name = slot->name;
    lag.evidence.slot_wal_status = slot->wal_status;
  }
  lag.evidence.wal_margin = WalMargin(standby);
  inputs.wal_removed = lag.evidence.wal_margin.value_or(0) < 0;
  return inputs;
}

// What only the standby itself can tell, while it answers.
void Diagnosis::AddOwn(const Member& member, CauseInputs& inputs, LagEvidence& evidence) const {
  const Standby& standby = member.standby;
  inputs.fed_by_archive = standby.fed_by_archive;
  inputs.pause_state = standby.pause_state;
  inputs.apply_delay = standby.apply_delay.value_or(0);
  inputs.backlog = standby.HasBacklog();
  if (standby.receiver != nullptr) {
    inputs.has_restore_command = standby.receiver->restore_command_set == true;
  }
  const auto moved = standby.replays.changed_at();
  const Duration still = moved ? now_ - *moved : Duration{};
  const auto* recovery = FactOf<RecoveryFact>(member, CollectorId::kRecovery);
  if (recovery != nullptr && recovery->startup_seen) {
    inputs.replay_blocked =
        (WaitsForASession(*recovery) && still > memory_.options().pulse_interval) ||
        SeemsToWaitForASession(*recovery, member.snapshot->version, still);
    evidence.wait_event_type = recovery->wait_event_type;
    evidence.wait_event = recovery->wait_event;
    evidence.oldest_transaction = recovery->oldest_transaction;
  }
  const auto* own_settings = FactOf<SettingsFact>(member, CollectorId::kSettings);
  const SettingsFact* primary_settings = PrimarySettings();
  if (own_settings == nullptr || primary_settings == nullptr) return;
  evidence.settings_too_low = TooLow(*own_settings, *primary_settings);
  inputs.settings_too_low = !evidence.settings_too_low.empty();
}

const SettingsFact* Diagnosis::PrimarySettings() const {
  const auto primary = evaluation_.CurrentPrimary();
  if (!primary) return nullptr;
  return FactOf<SettingsFact>(memory_.members()[*primary], CollectorId::kSettings);
}

// "We can't see it" is not "it is down".
Link Diagnosis::LinkOf(const Standby& standby) const {
  if (standby.Receives(fresh_)) return Link::kUp;
  if (standby.receiver != nullptr && fresh_(standby.receiver_at)) return Link::kDown;
  if (!standby.upstream) return Link::kUnknown;
  const ServerSnapshotPtr& upstream = memory_.members()[*standby.upstream].snapshot;
  const bool answers = upstream && upstream->up && fresh_(upstream->Of(CollectorId::kSenders).at);
  return answers ? Link::kDown : Link::kUnknown;
}

const Slot* Diagnosis::SlotOf(const Standby& standby) const {
  if (!standby.upstream) return nullptr;
  std::string_view name = standby.identity.slot_name;
  if (standby.receiver != nullptr && !standby.receiver->slot_setting.empty()) {
    name = standby.receiver->slot_setting;
  }
  const auto* slots = FactOf<SlotsFact>(memory_.members()[*standby.upstream], CollectorId::kSlots);
  if (slots == nullptr || name.empty()) return nullptr;
  const auto found = std::find_if(slots->slots.begin(), slots->slots.end(),
                                  [&](const Slot& slot) { return slot.name == name; });
  return found != slots->slots.end() ? &*found : nullptr;
}

std::optional<double> Diagnosis::WalMargin(const Standby& standby) const {
  if (!standby.upstream) return std::nullopt;
  const auto has = standby.Has();
  const auto* wal = FactOf<WalFact>(memory_.members()[*standby.upstream], CollectorId::kWal);
  if (!has || wal == nullptr || !wal->oldest) return std::nullopt;
  return static_cast<double>(has->bytes) - static_cast<double>(wal->oldest->bytes);
}

// Its upstream is a standby that lacks the same WAL.
bool Diagnosis::UpstreamLags(const Standby& standby, LagView& lag) const {
  if (!standby.upstream) return false;
  const Member& upstream = memory_.members()[*standby.upstream];
  lag.evidence.upstream = memory_.options().servers[*standby.upstream].name;
  const auto has = upstream.standby.Has();
  if (upstream.role != Role::kStandby || !has) return false;
  const double lacks = evaluation_.SecondsPast(upstream.standby, *has);
  lag.evidence.upstream_lacks_seconds = lacks;
  return lacks > kStillLagging && lag.seconds - lacks < kUpstreamSlack;
}

}  // namespace pgrepl::cluster
