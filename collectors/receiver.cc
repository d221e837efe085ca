// The WAL receiver of each standby: whether it streams, from whom, and how long it has been silent.
// Source: pg_catalog.pg_stat_wal_receiver (PostgreSQL manual, "pg_stat_wal_receiver").
// Columns since: written_lsn, flushed_lsn 13; on 12 received_lsn is what is flushed.
// Privilege: pg_monitor, else all columns but pid are NULL. That the row is there still says that
// the receiver has connected: before, there is none (WalReceiverMain's ready_to_display).
// primary_conninfo holds a password in clear text: only whether it is empty is asked.
// Zero rows in the view: no receiver; the statement still gives one row with the settings.
// latest_end_time and last_msg_send_time are the upstream's clock: only their changes are used.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/receiver.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kStatusLabels[] = {"status"};
constexpr std::string_view kInfoLabels[] = {"sender_host", "sender_port", "slot_name"};
constexpr std::string_view kPositionLabels[] = {"position"};
constexpr std::string_view kStatuses[] = {"streaming", "starting", "waiting", "restarting",
                                          "stopping",  "stopped",  "none",    "other"};

constexpr Family kUp{.name = "pgrepl_receiver_up",
                     .help =
                         "1 when the standby receives WAL, says its receiver or its upstream, "
                         "or is connected and the state hidden from the exporter's role "
                         "(pg_stat_wal_receiver.status, pg_stat_replication.state)."};
constexpr Family kExpected{.name = "pgrepl_receiver_expected",
                           .help =
                               "1 when primary_conninfo is set and nothing on the standby "
                               "itself, as a pause, keeps the receiver away."};
constexpr Family kStatus{.name = "pgrepl_receiver_status",
                         .help =
                             "Status of the WAL receiver, one-hot; none without a receiver "
                             "(pg_stat_wal_receiver.status).",
                         .labels = kStatusLabels};
constexpr Family kInfo{.name = "pgrepl_receiver_info",
                       .help =
                           "Upstream of a connected receiver, value 1 "
                           "(pg_stat_wal_receiver.sender_host, sender_port, slot_name).",
                       .labels = kInfoLabels};
constexpr Family kRestarts{.name = "pgrepl_receiver_restarts_total",
                           .type = MetricType::kCounter,
                           .help = "Times a new WAL receiver was seen (pg_stat_wal_receiver.pid)."};
constexpr Family kMessageAge{
    .name = "pgrepl_receiver_last_message_age_seconds",
    .help =
        "Exporter's time since the receiver's message times were seen to change "
        "(pg_stat_wal_receiver.last_msg_receipt_time); idle ones come every half "
        "wal_receiver_timeout."};
constexpr Family kPosition{
    .name = "pgrepl_receiver_position_bytes",
    .help =
        "Positions of a connected receiver, bytes since 0/0: where it began, what it has written "
        "and flushed, and the end of WAL that its upstream last told "
        "(pg_stat_wal_receiver.receive_start_lsn, written_lsn, flushed_lsn, latest_end_lsn; on 12 "
        "received_lsn is what was flushed, and nothing tells what was written).",
    .labels = kPositionLabels};
constexpr Family kTimeline{.name = "pgrepl_receiver_timeline",
                           .help =
                               "Timeline of the WAL that a connected receiver flushed last "
                               "(pg_stat_wal_receiver.received_tli)."};
constexpr Family kTimeout{.name = "pgrepl_receiver_timeout_seconds",
                          .help =
                              "Silence of its upstream after which the receiver gives up, 0 is "
                              "never (wal_receiver_timeout)."};
constexpr Family kInterval{.name = "pgrepl_receiver_status_interval_seconds",
                           .help =
                               "How often the receiver replies at least, 0 is only when asked "
                               "(wal_receiver_status_interval)."};

constexpr const Family* kFamilies[] = {&kUp,         &kExpected, &kStatus,   &kInfo,    &kRestarts,
                                       &kMessageAge, &kPosition, &kTimeline, &kTimeout, &kInterval};

// conninfo shows passwords masked and all defaults expanded; of it only the name under which the
// upstream's pg_stat_replication lists this standby is taken.
constexpr std::string_view kOfBoth = R"sql(
SELECT r.pid,
       r.status,
       r.received_tli,
       r.latest_end_lsn,
       extract(epoch FROM r.last_msg_send_time)::float8,
       extract(epoch FROM r.last_msg_receipt_time)::float8,
       extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time)::float8,
       r.slot_name,
       r.sender_host,
       r.sender_port,
       coalesce(substring(r.conninfo FROM '(?:^| )application_name=''?([^ '']*)'),
                substring(r.conninfo FROM 'fallback_application_name=''?([^ '']*)')),
       extract(epoch FROM current_setting('wal_receiver_timeout')::interval)::float8,
       extract(epoch FROM current_setting('wal_receiver_status_interval')::interval)::float8,
       CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
            THEN current_setting('primary_conninfo') <> '' END,
       current_setting('primary_slot_name'),
       current_setting('restore_command') <> '',)sql";
constexpr std::string_view kColumns13 = R"sql(
       r.receive_start_lsn, r.written_lsn, r.flushed_lsn)sql";
// What was received is what was flushed.
constexpr std::string_view kColumns12 = R"sql(
       r.receive_start_lsn, NULL, r.received_lsn)sql";
constexpr std::string_view kFrom = R"sql(
  FROM (SELECT 1) AS always
  LEFT JOIN pg_stat_wal_receiver r ON true
)sql";
constexpr Statement kStatements[] = {
    {.min_version = PgVersion(13),
     .role = Role::kStandby,
     .sql = kJoined<kOfBoth, kColumns13, kFrom>},
    {.role = Role::kStandby, .sql = kJoined<kOfBoth, kColumns12, kFrom>},
};

enum Column {
  kPid,
  kState,
  kReceivedTli,
  kLatestEnd,
  kSendTime,
  kReceiptTime,
  kReceiptAge,
  kSlotName,
  kSenderHost,
  kSenderPort,
  kApplicationName,
  kTimeoutSeconds,
  kStatusInterval,
  kConninfoSet,
  kSlotSetting,
  kRestoreCommandSet,
  kStart,
  kWritten,
  kFlushed,
};

Result<ReceiverFact> Decode(const Rows& rows) {
  if (rows.size() != 1) return Error{"expected one row"};
  const Row row = rows[0];
  ReceiverFact fact{.present = row.Integer(kPid).has_value(),
                    .pid = row.Integer(kPid).value_or(0),
                    .status = row.Name(kState),
                    .timeline = row.Integer(kReceivedTli),
                    .latest_end = row.Position(kLatestEnd),
                    .message_sent = row.Number(kSendTime),
                    .message_received = row.Number(kReceiptTime),
                    .message_age = row.Number(kReceiptAge),
                    .slot_name = row.Name(kSlotName),
                    .sender_host = row.Name(kSenderHost),
                    .sender_port = row.Integer(kSenderPort),
                    .application_name = row.Name(kApplicationName),
                    .timeout = row.Number(kTimeoutSeconds).value_or(0),
                    .status_interval = row.Number(kStatusInterval).value_or(0),
                    .conninfo_set = row.Bool(kConninfoSet),
                    .slot_setting = row.Name(kSlotSetting),
                    .restore_command_set = row.Bool(kRestoreCommandSet),
                    .start = row.Position(kStart),
                    .written = row.Position(kWritten),
                    .flushed = row.Position(kFlushed)};
  fact.hidden = fact.present && fact.status.empty();
  return fact;
}

std::optional<Error> Hidden(const ReceiverFact& fact) {
  if (!fact.hidden) return std::nullopt;
  return Error{"pg_stat_wal_receiver hides its columns from this role", "42501",
               "GRANT pg_monitor TO the exporter's role."};
}

void EmitPosition(std::string_view which, const std::optional<Lsn>& position, Samples& samples) {
  if (position) samples.Add(kPosition, static_cast<double>(position->bytes), {which});
}

void EmitFactFamilies(const ReceiverFact& fact, Samples& samples) {
  samples.Add(kTimeout, fact.timeout);
  samples.Add(kInterval, fact.status_interval);
  if (fact.hidden) return;
  samples.AddStates(kStatus, kStatuses, fact.present ? std::string_view(fact.status) : "none");
  if (fact.present) {
    const std::string port = fact.sender_port ? std::to_string(*fact.sender_port) : "";
    samples.Add(kInfo, 1, {fact.sender_host, port, fact.slot_name});
    EmitPosition("start", fact.start, samples);
    EmitPosition("written", fact.written, samples);
    EmitPosition("flushed", fact.flushed, samples);
    EmitPosition("latest_end", fact.latest_end, samples);
    if (fact.timeline) samples.Add(kTimeline, static_cast<double>(*fact.timeline));
  }
}

void Emit(const void* opaque, const ServerView& server, Samples& samples) {
  if (!server.receiver) return;
  const ReceiverView& receiver = *server.receiver;
  samples.Add(kUp, receiver.up ? 1 : 0);
  if (!server.configured) return;
  samples.Add(kExpected, receiver.expected ? 1 : 0);
  samples.Add(kRestarts, receiver.restarts);
  samples.Add(kMessageAge, receiver.last_message_age_seconds);
  const auto* fact = static_cast<const ReceiverFact*>(opaque);
  if (fact != nullptr) EmitFactFamilies(*fact, samples);
}

}  // namespace

extern const Collector kReceiver;
constexpr Collector kReceiver{.name = "receiver",
                              .help = "whether each standby receives WAL, and from whom",
                              .cadence = Cadence::kPulse,
                              .families = kFamilies,
                              .statements = kStatements,
                              .privilege = "pg_monitor",
                              .decode = DecodeAs<ReceiverFact, Decode>,
                              .hidden = HiddenIn<ReceiverFact, Hidden>,
                              .emit = Emit};

}  // namespace pgrepl
