// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/standby.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace pgrepl::cluster {
namespace {

// Seconds. On a busy link some transaction is always on its way.
constexpr double kCaughtUp = 1;
constexpr double kSurelyCaughtUp = 0.5;

void Advance(std::optional<ReplayPosition>& position, Lsn lsn, Time at) {
  if (position && at <= position->at) return;
  position = ReplayPosition{lsn, at};
}

std::optional<double> Between(const std::optional<Lsn>& behind, const std::optional<Lsn>& ahead) {
  if (!behind || !ahead) return std::nullopt;
  return BytesBetween(*behind, *ahead);
}

// WalSenderMain, or another of its events: all that it may send lies in its socket.
bool IsWaiting(const Sender& sender) { return sender.wait_event.starts_with("WalSender"); }

}  // namespace

void Standby::SeePosition(const PositionFact& position, Time at) {
  pause_state = position.pause_state;
  received = position.received;
  snapshot = position.snapshot;
  apply_delay = position.apply_delay;
  if (!position.replayed) return;
  const Lsn replayed = *position.replayed;
  backlog = position.received && *position.received > replayed;
  Advance(own, replayed, at);
  replays.See(replayed, at);
  // After a crash it replays again from its last restartpoint.
  if (highest && replayed < *highest) replaying_again = true;
  highest = std::max(highest.value_or(replayed), replayed);
}

// What came last may end in the middle of a record: it is received and can't be replayed.
void Standby::SeeRecovery(const RecoveryFact* recovery, int version) {
  const std::string_view waits =
      version < PgVersion(13) ? "RecoveryWalStream" : "RecoveryRetrieveRetryInterval";
  lacks_wal = recovery != nullptr && recovery->wait_event == waits;
}

void Standby::Confirm(const Confirmed& by) {
  const auto further = [](const Confirmed& one) { return std::tie(one.timeline, one.lsn); };
  if (!confirmed || further(*confirmed) < further(by)) confirmed = by;
}

void Standby::SeeTimeline(std::int64_t seen) {
  if (timeline == seen) return;
  timeline = seen;
  highest.reset();
  replaying_again = false;
}

void Standby::SeeReceiver(const FactPtr& fact, Time at) {
  receiver_owner = fact;
  receiver = static_cast<const ReceiverFact*>(fact.get());
  receiver_at = at;
  if (!receiver->present) return;
  if (receiver_pid != 0 && receiver_pid != receiver->pid) ++receiver_restarts;
  receiver_pid = receiver->pid;
  if (receiver->hidden) return;
  // A message that was there before we looked is as old as the standby says.
  const bool is_first = !messages.changed_at();
  const double age = is_first ? std::max(receiver->message_age.value_or(0), 0.0) : 0;
  messages.See({receiver->message_sent.value_or(0), receiver->message_received.value_or(0)},
               at - FromSeconds(age));
  identity.seen = true;
  identity.slot_name = receiver->slot_name;
  identity.application_name = receiver->application_name;
  const std::int64_t port = receiver->sender_port.value_or(0);
  const bool is_ipv6 = receiver->sender_host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + receiver->sender_host + "]" : receiver->sender_host;
  identity.upstream = host + ":" + std::to_string(port);
}

void Standby::SeeSender(std::shared_ptr<const Sender> row, std::size_t from, Time at) {
  if (row->replayed) Advance(at_upstream, *row->replayed, at);
  if (row->reply_time) replies.See(*row->reply_time, at);
  if (upstream != from || sender_pid != row->pid) connected_at = at;
  sender_pid = row->pid;
  upstream = from;
  upstream_address = identity.upstream;
  sender_at = at;
  sender = std::move(row);
}

std::optional<Time> Standby::HeardByUpstream() const {
  const auto replied = replies.changed_at();
  return replied ? std::optional<Time>(std::max(*replied, connected_at)) : std::nullopt;
}

void Standby::SeeLink(const std::optional<Lsn>& upstream_end, const Freshness& fresh) {
  const Sender* row = FreshSender(fresh);
  const bool waiting = receiver != nullptr && fresh(receiver_at) && receiver->status == "waiting";
  const bool hesitates = waiting || (row != nullptr && row->state == "startup");
  if (!hesitates) hesitates_since.reset();
  if (hesitates && !hesitates_since) hesitates_since = fresh.now;
  if (!Receives(fresh) || IsConnectedUnseen(fresh)) {
    link.Reset();
    stages = {};
    return;
  }
  SeeStages(fresh);
  // What it says itself is nearer to the truth than what its upstream was told.
  const bool says = ReceiverStreams(fresh);
  const auto heard = says ? messages.changed_at() : HeardByUpstream();
  const auto arrived = says ? Has() : row->written;
  if (heard) link.See(arrived && upstream_end && *upstream_end > *arrived, *heard, fresh.now);
}

// Once in a pulse, when both sides have spoken.
void Standby::SeeStages(const Freshness& fresh) {
  const Sender* row = FreshSender(fresh);
  const bool tells = ReceiverStreams(fresh);
  const bool flushing = tells && receiver->flushed && receiver->written > receiver->flushed;
  stages.See(tells ? receiver_at : sender_at,
             {Stages(fresh), row == nullptr || IsWaiting(*row), flushing});
}

// What its upstream knows of it is of its last reply, and it replies when it has flushed, not when it has
// replayed. Without its upstream what wasn't sent isn't known.
LagBytes Standby::Stages(const Freshness& fresh) const {
  const Sender* row = FreshSender(fresh);
  const bool tells = ReceiverStreams(fresh);
  if (row == nullptr && !tells) return {};
  std::optional<Lsn> sent, written, flushed, replayed;
  LagBytes bytes;
  if (row != nullptr) {
    std::tie(sent, written, flushed, replayed) =
        std::tie(row->sent, row->written, row->flushed, row->replayed);
    bytes.send = Between(sent, row->current);
  }
  if (tells) {
    if (row == nullptr) sent = receiver->latest_end;
    written = std::max({written, receiver->written, receiver->flushed});
    flushed = std::max(flushed, receiver->flushed);
  }
  if (own && fresh(own->at)) replayed = std::max(replayed, std::optional(own->lsn));
  bytes.write = Between(written, sent);
  bytes.flush = Between(flushed, written);
  bytes.replay = Between(replayed, flushed);
  return bytes;
}

void Standby::SeeMeasured(const MeasuredLag& lag) {
  measured_before = measured;
  measured = lag;
  caught_up_at = std::max(caught_up_at, lag.at - FromSeconds(lag.seconds));
  if (lag.seconds < kSurelyCaughtUp) {
    lagging = false;
    link.CaughtUp();
  }
  if (lag.seconds > kCaughtUp) {
    lagging = true;
    return;
  }
  caught_up_once = true;
  replaying_again = false;
}

void Standby::SeePrimary(Time at) {
  Standby primary;
  primary.identity.name = identity.name;
  primary.identity.host = identity.host;
  primary.system_identifier = system_identifier;
  primary.caught_up_at = at;
  *this = std::move(primary);
}

double Standby::LagGrowth() const {
  if (!measured || !measured_before) return 0;
  const double elapsed = Seconds(measured->at - measured_before->at);
  return std::clamp((measured->seconds - measured_before->seconds) / elapsed, 0.0, 1.0);
}

std::optional<ReplayPosition> Standby::Position(const Freshness& fresh) const {
  const bool upstream_counts =
      at_upstream && fresh(at_upstream->at) && (!own || at_upstream->lsn >= own->lsn);
  const bool is_late = own && fresh.now - own->at > fresh.overdue;
  const bool is_newer = own && at_upstream && at_upstream->at - own->at > fresh.overdue / 2;
  if (own && fresh(own->at) && !(upstream_counts && is_late && is_newer)) return own;
  if (upstream_counts) return at_upstream;
  if (own && at_upstream) return own->lsn > at_upstream->lsn ? own : at_upstream;
  return own ? own : at_upstream;
}

std::optional<Lsn> Standby::Has() const {
  std::optional<Lsn> has = received;
  for (const auto& replayed : {own, at_upstream}) {
    if (replayed && (!has || replayed->lsn > *has)) has = replayed->lsn;
  }
  if (sender && sender->flushed && (!has || *sender->flushed > *has)) has = sender->flushed;
  return has;
}

const Sender* Standby::FreshSender(const Freshness& fresh) const {
  return sender && fresh(sender_at) ? sender.get() : nullptr;
}

bool Standby::Receives(const Freshness& fresh) const {
  const Sender* row = FreshSender(fresh);
  return ReceiverStreams(fresh) || IsConnectedUnseen(fresh) ||
         (row != nullptr && (row->state == "streaming" || row->state == "catchup"));
}

bool Standby::ReceiverStreams(const Freshness& fresh) const {
  return receiver != nullptr && fresh(receiver_at) && receiver->present &&
         receiver->status == "streaming";
}

bool Standby::IsConnectedUnseen(const Freshness& fresh) const {
  return receiver != nullptr && fresh(receiver_at) && receiver->hidden &&
         FreshSender(fresh) == nullptr;
}

bool Standby::ReceiverVouches(const Freshness& fresh) const {
  if (!ReceiverStreams(fresh)) return false;
  constexpr double kMargin = 5;
  const auto changed = messages.changed_at();
  return receiver->timeout <= 0 ||
         (changed && Seconds(fresh.now - *changed) <= receiver->timeout / 2 + kMargin);
}

}  // namespace pgrepl::cluster
