// The WAL senders of one server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

enum class SenderKind { kStandby, kLogical, kBackup, kReceivewal, kOther };
inline constexpr std::string_view kSenderKinds[] = {"standby", "logical", "backup", "receivewal",
                                                    "other"};

struct Sender {
  SenderKind kind = SenderKind::kOther;
  std::int64_t pid = 0;  ///< another pid is another connection; never a label
  std::string application_name;
  std::string client_addr;  ///< empty on a Unix socket
  std::string state;        ///< startup, catchup, streaming, backup, stopping
  std::string slot_name;    ///< empty without a slot
  bool temporary_slot = false;
  std::optional<Lsn> current;  ///< the upstream's own end of WAL, from the same statement
  std::optional<Lsn> sent, written, flushed, replayed;
  std::optional<double> write_lag, flush_lag, replay_lag;  ///< seconds, as the server says
  std::optional<double> reply_time;  ///< the standby's clock: only its changes mean something
  std::string sync_state;            ///< async, potential, sync, quorum
  std::optional<double> sync_priority = {};
  std::optional<double> xmin_age = {};  ///< transactions; of hot_standby_feedback without a slot
  std::string wait_event;               ///< of its process; empty while it works
};

struct SendersFact {
  std::vector<Sender> senders;  ///< at most 1000
};

}  // namespace pgrepl
