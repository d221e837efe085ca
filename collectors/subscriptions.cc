// Logical subscriptions of each server: whether their workers run, how far they are, what failed.
// Source: pg_catalog.pg_subscription, pg_stat_subscription, pg_stat_subscription_stats,
// pg_subscription_rel (PostgreSQL manual, "Logical Replication", "pg_stat_subscription").
// Versions: counts of errors 15, of conflicts 18, parallel workers 16. Before 15 of two databases with
// a subscription of one name one is shown: pg_subscription.oid is hidden on 12 and 13.
// Privilege: none; the password in subconninfo is never read. Zero rows: no subscriptions.
// Not on a standby, where no worker may run. Tables belong to a database: they are counted for the
// subscriptions of the one that the exporter is connected to.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <vector>

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kLabels[] = {"database", "subscription"};
constexpr std::string_view kTypeLabels[] = {"database", "subscription", "type"};
constexpr std::string_view kStateLabels[] = {"database", "subscription", "state"};
constexpr std::string_view kWorkerTypes[] = {"apply", "parallel_apply", "table_sync"};
constexpr std::string_view kErrorTypes[] = {"apply", "sync"};
constexpr std::string_view kConflictTypes[] = {"insert_exists",
                                               "update_origin_differs",
                                               "update_exists",
                                               "update_missing",
                                               "delete_missing",
                                               "delete_origin_differs",
                                               "multiple_unique_conflicts"};
constexpr std::string_view kTableStates[] = {"init", "data_copy", "finished_copy", "synchronized",
                                             "ready"};

constexpr Family kEnabled{
    .name = "pgrepl_subscription_enabled",
    .help = "1 when the subscription is enabled (pg_subscription.subenabled).",
    .labels = kLabels};
constexpr Family kWorkers{.name = "pgrepl_subscription_workers",
                          .help =
                              "Workers of the subscription that run; without one of type apply "
                              "nothing is applied (pg_stat_subscription.pid).",
                          .labels = kTypeLabels};
constexpr Family kUnconfirmed{
    .name = "pgrepl_subscription_unconfirmed_bytes",
    .help =
        "WAL that was received and not yet confirmed to the publisher as flushed "
        "(pg_stat_subscription.received_lsn, latest_end_lsn).",
    .labels = kLabels};
constexpr Family kMessageAge{.name = "pgrepl_subscription_last_message_age_seconds",
                             .help =
                                 "Time since the publisher's last message, by the server's clock "
                                 "(pg_stat_subscription.last_msg_receipt_time).",
                             .labels = kLabels};
constexpr Family kErrors{.name = "pgrepl_subscription_errors_total",
                         .type = MetricType::kCounter,
                         .help =
                             "Errors while changes were applied or tables first copied "
                             "(pg_stat_subscription_stats.apply_error_count, sync_error_count).",
                         .labels = kTypeLabels};
constexpr Family kConflicts{.name = "pgrepl_subscription_conflicts_total",
                            .type = MetricType::kCounter,
                            .help =
                                "Changes that conflicted with rows of the subscriber; PostgreSQL "
                                "18 and later (pg_stat_subscription_stats.confl_*).",
                            .labels = kTypeLabels};
constexpr Family kTables{.name = "pgrepl_subscription_tables",
                         .help =
                             "Tables by state of their first copy, of subscriptions of the "
                             "exporter's own database (pg_subscription_rel.srsubstate).",
                         .labels = kStateLabels};

constexpr const Family* kFamilies[] = {&kEnabled, &kWorkers,   &kUnconfirmed, &kMessageAge,
                                       &kErrors,  &kConflicts, &kTables};

// A column that a major lacks reads as NULL through to_jsonb().
constexpr std::string_view k15 = R"sql(
SELECT d.datname, s.subname, s.subenabled,
       w.apply, w.parallel, w.copy, w.unconfirmed, w.message_age,
       t.init, t.data, t.finished, t.synchronized, t.ready,
       e.apply_error_count, e.sync_error_count,
       to_jsonb(e) ->> 'confl_insert_exists',
       to_jsonb(e) ->> 'confl_update_origin_differs',
       to_jsonb(e) ->> 'confl_update_exists',
       to_jsonb(e) ->> 'confl_update_missing',
       to_jsonb(e) ->> 'confl_delete_missing',
       to_jsonb(e) ->> 'confl_delete_origin_differs',
       to_jsonb(e) ->> 'confl_multiple_unique_conflicts'
  FROM pg_subscription s
  JOIN pg_database d ON d.oid = s.subdbid
  LEFT JOIN pg_stat_subscription_stats e ON e.subid = s.oid
  LEFT JOIN LATERAL (
       SELECT count(pid) FILTER (WHERE relid IS NULL AND to_jsonb(a) ->> 'leader_pid' IS NULL),
              count(pid) FILTER (WHERE relid IS NULL AND to_jsonb(a) ->> 'leader_pid' IS NOT NULL),
              count(pid) FILTER (WHERE relid IS NOT NULL),
              max(pg_wal_lsn_diff(received_lsn, latest_end_lsn))::float8,
              extract(epoch FROM clock_timestamp() - max(last_msg_receipt_time))::float8
         FROM pg_stat_subscription a WHERE subid = s.oid
       ) AS w (apply, parallel, copy, unconfirmed, message_age) ON true)sql";
constexpr std::string_view k12 = R"sql(
SELECT d.datname, s.subname, s.subenabled,
       w.apply, 0, w.copy, w.unconfirmed, w.message_age,
       t.init, t.data, t.finished, t.synchronized, t.ready
  FROM (SELECT DISTINCT ON (subname) subname, subid AS oid, subdbid, subenabled
          FROM pg_subscription JOIN pg_stat_subscription USING (subname)
         ORDER BY subname, subdbid, subid) AS s
  JOIN pg_database d ON d.oid = s.subdbid
  LEFT JOIN LATERAL (
       SELECT count(pid) FILTER (WHERE relid IS NULL),
              count(pid) FILTER (WHERE relid IS NOT NULL),
              max(pg_wal_lsn_diff(received_lsn, latest_end_lsn))::float8,
              extract(epoch FROM clock_timestamp() - max(last_msg_receipt_time))::float8
         FROM pg_stat_subscription a WHERE a.subid = s.oid
       ) AS w (apply, copy, unconfirmed, message_age) ON true)sql";
constexpr std::string_view kTablesOf = R"sql(
  LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE srsubstate = 'i'), count(*) FILTER (WHERE srsubstate = 'd'),
              count(*) FILTER (WHERE srsubstate = 'f'), count(*) FILTER (WHERE srsubstate = 's'),
              count(*) FILTER (WHERE srsubstate = 'r')
         FROM pg_subscription_rel WHERE srsubid = s.oid
       ) AS t (init, data, finished, synchronized, ready) ON d.datname = current_database()
 ORDER BY 1, 2
 LIMIT 1000
)sql";
constexpr Statement kStatements[] = {
    {.min_version = PgVersion(15), .role = Role::kPrimary, .sql = kJoined<k15, kTablesOf>},
    {.role = Role::kPrimary, .sql = kJoined<k12, kTablesOf>},
};

enum Column {
  kDatabase,
  kName,
  kIsEnabled,
  kFirstWorkers,
  kBehind = kFirstWorkers + static_cast<int>(std::size(kWorkerTypes)),
  kAge,
  kFirstTables,
  kFirstErrors = kFirstTables + static_cast<int>(std::size(kTableStates)),
  kFirstConflicts = kFirstErrors + static_cast<int>(std::size(kErrorTypes)),
};

template <const auto& Names>
using Counts = std::array<std::optional<double>, std::size(Names)>;

struct Subscription {
  std::string database, name;
  bool enabled = false;
  std::optional<double> unconfirmed_bytes, message_age;
  Counts<kWorkerTypes> workers;
  Counts<kTableStates> tables;
  Counts<kErrorTypes> errors;
  Counts<kConflictTypes> conflicts;
};

struct SubscriptionsFact {
  std::vector<Subscription> subscriptions;
};

template <std::size_t size>
void ReadCounts(const Row& row, int first, std::array<std::optional<double>, size>& counts) {
  for (std::size_t i = 0; i < size; ++i) counts[i] = row.Number(first + static_cast<int>(i));
}

Subscription DecodeRow(const Row& row) {
  Subscription subscription{.database = row.Name(kDatabase),
                            .name = row.Name(kName),
                            .enabled = row.Bool(kIsEnabled).value_or(false),
                            .unconfirmed_bytes = row.Number(kBehind),
                            .message_age = row.Number(kAge)};
  ReadCounts(row, kFirstWorkers, subscription.workers);
  ReadCounts(row, kFirstTables, subscription.tables);
  ReadCounts(row, kFirstErrors, subscription.errors);
  ReadCounts(row, kFirstConflicts, subscription.conflicts);
  return subscription;
}

Result<SubscriptionsFact> Decode(const Rows& rows) {
  SubscriptionsFact fact;
  for (int i = 0; i < rows.size(); ++i) fact.subscriptions.push_back(DecodeRow(rows[i]));
  return fact;
}

template <std::size_t size>
void EmitCounts(const Family& family, const Subscription& of,
                const std::array<std::optional<double>, size>& counts,
                const std::string_view (&names)[size], Samples& samples) {
  for (std::size_t i = 0; i < size; ++i) {
    samples.Add(family, counts[i], {of.database, of.name, names[i]});
  }
}

void Emit(const SubscriptionsFact& fact, Samples& samples) {
  for (const Subscription& one : fact.subscriptions) {
    samples.Add(kEnabled, one.enabled ? 1 : 0, {one.database, one.name});
    samples.Add(kUnconfirmed, one.unconfirmed_bytes, {one.database, one.name});
    samples.Add(kMessageAge, one.message_age, {one.database, one.name});
    EmitCounts(kWorkers, one, one.workers, kWorkerTypes, samples);
    EmitCounts(kTables, one, one.tables, kTableStates, samples);
    EmitCounts(kErrors, one, one.errors, kErrorTypes, samples);
    EmitCounts(kConflicts, one, one.conflicts, kConflictTypes, samples);
  }
}

}  // namespace

extern const Collector kSubscriptions;
constexpr Collector kSubscriptions{.name = "subscriptions",
                                   .help = "logical subscriptions: workers, delay, errors, tables",
                                   .cadence = Cadence::kNormal,
                                   .families = kFamilies,
                                   .statements = kStatements,
                                   .decode = DecodeAs<SubscriptionsFact, Decode>,
                                   .emit = EmitFact<SubscriptionsFact, Emit>};

}  // namespace pgrepl
