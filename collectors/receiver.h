// The WAL receiver of one standby, and the settings its silence is judged against.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "exporter/postgres/lsn.h"

namespace pgrepl {

struct ReceiverFact {
  bool present = false;  ///< pg_stat_wal_receiver has a row: it has connected to its upstream
  bool hidden = false;   ///< present, but our role sees no more of it than its pid
  std::int64_t pid = 0;  ///< another pid is another receiver; never a label
  std::string status;
  std::optional<std::int64_t> timeline;    ///< received_tli
  std::optional<Lsn> latest_end;           ///< the upstream's flush position as last told
  std::optional<double> message_sent;      ///< last_msg_send_time: the upstream's clock
  std::optional<double> message_received;  ///< last_msg_receipt_time: the standby's clock
  /// Seconds since then, on the standby's clock alone: how old the first message is that we see.
  std::optional<double> message_age;
  std::string slot_name;
  std::string sender_host;
  std::optional<std::int64_t> sender_port;
  std::string application_name;      ///< what it calls itself at its upstream
  double timeout = 0;                ///< wal_receiver_timeout, seconds
  double status_interval = 0;        ///< wal_receiver_status_interval, seconds
  std::optional<bool> conninfo_set;  ///< primary_conninfo <> ''; nullopt when hidden from our role
  std::string slot_setting;          ///< primary_slot_name; there without a receiver, too
  std::optional<bool> restore_command_set;  ///< restore_command <> ''
  std::optional<Lsn> start;                 ///< receive_start_lsn
  std::optional<Lsn> written;               ///< written_lsn, not told by 12
  std::optional<Lsn> flushed;               ///< flushed_lsn, of 12 received_lsn
};

}  // namespace pgrepl
