// Snapshots without servers: what one would have told in a round, for cluster/ to judge. Usage:
//   Primary(1000, 7).Senders({SenderOf("s1", 900)}).At(now)
//   StandbyAt(900).Receives(ReceiverAt(1000, 1)).Paused().At(now)
//   Down(UpReason::kRefused, last, now)
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/lag.h"
#include "collectors/receiver.h"
#include "collectors/senders.h"
#include "exporter/collect/server_snapshot.h"

namespace pgrepl {

/// Where servers are unless a test says otherwise; a primary's is the one receivers name.
inline constexpr std::string_view kPrimaryHost = "10.0.0.1";
inline constexpr std::string_view kStandbyHost = "10.0.0.2";

/// A streaming standby's row at its upstream, all of it replayed up to `replayed`.
Sender SenderOf(std::string application_name, std::uint64_t replayed);

/// A receiver that streams from the primary. `message` numbers what it was told: another number is
/// another message.
ReceiverFact ReceiverAt(std::uint64_t latest_end, double message);

class SnapshotBuilder {
 public:
  SnapshotBuilder(Role role, std::string_view host);

  SnapshotBuilder& OnTimeline(std::int64_t timeline);
  /// On a standby: up to `lsn`, says its control file.
  SnapshotBuilder& OnTimeline(std::int64_t timeline, std::uint64_t lsn);
  /// On a promoted primary: where its timeline left the old one.
  SnapshotBuilder& ForkedAt(std::uint64_t lsn);
  SnapshotBuilder& Received(std::uint64_t lsn);
  /// A standby that has replayed what a primary with this snapshot had done.
  SnapshotBuilder& Transactions(std::int64_t snapshot);
  SnapshotBuilder& Paused();
  SnapshotBuilder& ApplyDelay(double seconds);
  SnapshotBuilder& Receives(ReceiverFact receiver);
  SnapshotBuilder& Senders(std::vector<Sender> senders);
  SnapshotBuilder& Version(int server_version_num);
  SnapshotBuilder& System(std::string identifier);
  /// Another host is another server, which started at another time, unless StartedAt comes after.
  SnapshotBuilder& Host(std::string_view host);
  SnapshotBuilder& StartedAt(double start_time);
  /// A fact of another collector, for those that need it.
  template <typename Fact>
  SnapshotBuilder& Tells(CollectorId id, Fact fact) {
    others_[static_cast<std::size_t>(id)] = std::make_shared<const Fact>(std::move(fact));
    return *this;
  }
  /// The statement failed: its fact is not there.
  SnapshotBuilder& Without(CollectorId id);

  /// Read and published at `at`.
  [[nodiscard]] ServerSnapshotPtr At(Time at) const;

 private:
  friend SnapshotBuilder Primary(std::uint64_t, std::int64_t);
  friend SnapshotBuilder StandbyAt(std::uint64_t);

  ServerSnapshot snapshot_;
  PositionFact position_;
  ReceiverFact receiver_;
  SendersFact senders_;
  ServerFact server_;
  std::array<FactPtr, kCollectorCount> others_{};
  std::array<bool, kCollectorCount> failed_{};
};

/// A primary that has flushed `lsn`; each other number of `transactions` is another snapshot.
SnapshotBuilder Primary(std::uint64_t lsn, std::int64_t transactions);

/// A standby that has replayed up to `lsn`, without a receiver.
SnapshotBuilder StandbyAt(std::uint64_t lsn);

/// A server that doesn't answer at `at`; `last` is what it told before, nullptr for nothing.
ServerSnapshotPtr Down(UpReason reason, const ServerSnapshotPtr& last, Time at);

}  // namespace pgrepl
