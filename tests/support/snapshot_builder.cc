// SPDX-License-Identifier: Apache-2.0
#include "tests/support/snapshot_builder.h"

#include <functional>
#include <utility>

namespace pgrepl {
namespace {

constexpr int kVersion = 150004;

template <typename Fact>
FactPtr Share(const Fact& fact) {
  return std::make_shared<const Fact>(fact);
}

}  // namespace

Sender SenderOf(std::string application_name, std::uint64_t replayed) {
  const Lsn lsn{replayed};
  return {.kind = SenderKind::kStandby,
          .application_name = std::move(application_name),
          .client_addr = std::string(kStandbyHost),
          .state = "streaming",
          .current = lsn,
          .sent = lsn,
          .written = lsn,
          .flushed = lsn,
          .replayed = lsn,
          .reply_time = 1,
          .sync_state = "async",
          .wait_event = "WalSenderMain"};
}

ReceiverFact ReceiverAt(std::uint64_t latest_end, double message) {
  return {.present = true,
          .pid = 4711,
          .status = "streaming",
          .timeline = 1,
          .latest_end = Lsn{latest_end},
          .message_sent = message,
          .message_received = message,
          .sender_host = std::string(kPrimaryHost),
          .sender_port = 5432,
          .application_name = "walreceiver",
          .timeout = 60,
          .status_interval = 10,
          .conninfo_set = true};
}

SnapshotBuilder::SnapshotBuilder(Role role, std::string_view host)
    : server_{.system_identifier = "7000", .start_time = 0, .clock = 0} {
  snapshot_.up = true;
  snapshot_.reason = UpReason::kOk;
  snapshot_.role = role;
  snapshot_.version = kVersion;
  snapshot_.version_text = "15.4";
  position_.timeline = 1;
  Host(host);
}

SnapshotBuilder Primary(std::uint64_t lsn, std::int64_t transactions) {
  SnapshotBuilder builder(Role::kPrimary, kPrimaryHost);
  builder.position_.flushed = Lsn{lsn};
  builder.position_.snapshot = transactions;
  return builder;
}

SnapshotBuilder StandbyAt(std::uint64_t lsn) {
  SnapshotBuilder builder(Role::kStandby, kStandbyHost);
  builder.position_.replayed = builder.position_.received = Lsn{lsn};
  builder.position_.pause_state = "not paused";
  builder.position_.apply_delay = 0;
  return builder;
}

SnapshotBuilder& SnapshotBuilder::OnTimeline(std::int64_t timeline) {
  position_.timeline = timeline;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::OnTimeline(std::int64_t timeline, std::uint64_t lsn) {
  position_.on_timeline = Lsn{lsn};
  return OnTimeline(timeline);
}

SnapshotBuilder& SnapshotBuilder::ForkedAt(std::uint64_t lsn) {
  position_.replayed = Lsn{lsn};
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Received(std::uint64_t lsn) {
  position_.received = Lsn{lsn};
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Transactions(std::int64_t snapshot) {
  position_.snapshot = snapshot;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Paused() {
  position_.pause_state = "paused";
  return *this;
}

SnapshotBuilder& SnapshotBuilder::ApplyDelay(double seconds) {
  position_.apply_delay = seconds;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Receives(ReceiverFact receiver) {
  receiver_ = std::move(receiver);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Senders(std::vector<Sender> senders) {
  senders_.senders = std::move(senders);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Version(int server_version_num) {
  snapshot_.version = server_version_num;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::System(std::string identifier) {
  server_.system_identifier = std::move(identifier);
  return *this;
}

SnapshotBuilder& SnapshotBuilder::StartedAt(double start_time) {
  server_.start_time = start_time;
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Host(std::string_view host) {
  snapshot_.address = std::string(host) + ":5432";
  server_.start_time = static_cast<double>(std::hash<std::string_view>{}(host));
  return *this;
}

SnapshotBuilder& SnapshotBuilder::Without(CollectorId id) {
  failed_[static_cast<std::size_t>(id)] = true;
  return *this;
}

ServerSnapshotPtr SnapshotBuilder::At(Time at) const {
  ServerSnapshot told = snapshot_;
  told.at = told.answered_at = at;
  const auto tell = [&](CollectorId id, FactPtr fact) {
    const auto index = static_cast<std::size_t>(id);
    told.facts[index].run = {.ran = true, .success = !failed_[index]};
    if (failed_[index]) return;
    told.facts[index].fact = std::move(fact);
    told.facts[index].at = at;
  };
  tell(CollectorId::kServer, Share(server_));
  tell(CollectorId::kLag, Share(position_));
  tell(CollectorId::kSenders, Share(senders_));
  if (told.role == Role::kStandby) tell(CollectorId::kReceiver, Share(receiver_));
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    if (others_[i]) tell(static_cast<CollectorId>(i), others_[i]);
  }
  return std::make_shared<const ServerSnapshot>(std::move(told));
}

ServerSnapshotPtr Down(UpReason reason, const ServerSnapshotPtr& last, Time at) {
  ServerSnapshot told = last ? *last : ServerSnapshot{};
  told.up = false;
  told.reason = reason;
  told.at = at;
  return std::make_shared<const ServerSnapshot>(std::move(told));
}

}  // namespace pgrepl
