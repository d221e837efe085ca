// What logical decoding made of each logical slot's WAL, and what of it went to disk or was sent
// before its transaction ended, for logical_decoding_work_mem was full.
// Source: pg_catalog.pg_stat_replication_slots (PostgreSQL manual, "pg_stat_replication_slots"), from
// 14 on.
// Privilege: none. Zero rows: no logical slots; those not used yet have zeros. Temporary ones are left
// out, as in slots.cc.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <vector>

#include "collectors/collector.h"

namespace pgrepl {
namespace {

constexpr std::string_view kSlotLabels[] = {"slot_name"};

constexpr Family kTransactions{.name = "pgrepl_decoding_transactions_total",
                               .type = MetricType::kCounter,
                               .help =
                                   "Transactions decoded for the slot's consumer, those spilled or "
                                   "streamed included (pg_stat_replication_slots.total_txns).",
                               .labels = kSlotLabels};
constexpr Family kBytes{.name = "pgrepl_decoding_bytes_total",
                        .type = MetricType::kCounter,
                        .help =
                            "Changes decoded for the slot's consumer, those spilled or streamed "
                            "included (pg_stat_replication_slots.total_bytes).",
                        .labels = kSlotLabels};
constexpr Family kSpilledTransactions{.name = "pgrepl_decoding_spilled_transactions_total",
                                      .type = MetricType::kCounter,
                                      .help =
                                          "Transactions spilled to disk, subtransactions included "
                                          "(pg_stat_replication_slots.spill_txns).",
                                      .labels = kSlotLabels};
constexpr Family kSpills{.name = "pgrepl_decoding_spills_total",
                         .type = MetricType::kCounter,
                         .help =
                             "Times that transactions were spilled to disk, one possibly many "
                             "times (pg_stat_replication_slots.spill_count).",
                         .labels = kSlotLabels};
constexpr Family kSpilledBytes{.name = "pgrepl_decoding_spilled_bytes_total",
                               .type = MetricType::kCounter,
                               .help =
                                   "Changes spilled to disk "
                                   "(pg_stat_replication_slots.spill_bytes).",
                               .labels = kSlotLabels};
constexpr Family kStreamedTransactions{
    .name = "pgrepl_decoding_streamed_transactions_total",
    .type = MetricType::kCounter,
    .help =
        "Transactions streamed to the consumer while in progress "
        "(pg_stat_replication_slots.stream_txns).",
    .labels = kSlotLabels};
constexpr Family kStreams{.name = "pgrepl_decoding_streams_total",
                          .type = MetricType::kCounter,
                          .help =
                              "Times that transactions in progress were streamed to the consumer, "
                              "one possibly many times (pg_stat_replication_slots.stream_count).",
                          .labels = kSlotLabels};
constexpr Family kStreamedBytes{.name = "pgrepl_decoding_streamed_bytes_total",
                                .type = MetricType::kCounter,
                                .help =
                                    "Changes of transactions in progress streamed to the consumer "
                                    "(pg_stat_replication_slots.stream_bytes).",
                                .labels = kSlotLabels};

// In the order of the statement's columns.
constexpr const Family* kFamilies[] = {&kTransactions, &kBytes,        &kSpilledTransactions,
                                       &kSpills,       &kSpilledBytes, &kStreamedTransactions,
                                       &kStreams,      &kStreamedBytes};

constexpr Statement kStatements[] = {{.min_version = PgVersion(14), .sql = R"sql(
SELECT slot_name,
       total_txns,
       total_bytes,
       spill_txns,
       spill_count,
       spill_bytes,
       stream_txns,
       stream_count,
       stream_bytes
  FROM pg_stat_replication_slots
 WHERE slot_name IN (SELECT slot_name FROM pg_replication_slots WHERE NOT temporary)
 LIMIT 1000
)sql"}};

enum Column { kSlotName, kFirstCounter };

struct DecodedSlot {
  std::string name;
  std::array<std::optional<double>, std::size(kFamilies)> counters;
};

struct DecodingFact {
  std::vector<DecodedSlot> slots;  ///< at most 1000
};

Result<DecodingFact> Decode(const Rows& rows) {
  DecodingFact fact;
  for (int i = 0; i < rows.size(); ++i) {
    DecodedSlot& slot = fact.slots.emplace_back();
    slot.name = rows[i].Name(kSlotName);
    for (std::size_t counter = 0; counter < slot.counters.size(); ++counter) {
      slot.counters[counter] = rows[i].Number(kFirstCounter + static_cast<int>(counter));
    }
  }
  return fact;
}

void Emit(const DecodingFact& fact, Samples& samples) {
  for (const DecodedSlot& slot : fact.slots) {
    for (std::size_t counter = 0; counter < slot.counters.size(); ++counter) {
      samples.Add(*kFamilies[counter], slot.counters[counter], {slot.name});
    }
  }
}

}  // namespace

extern const Collector kDecoding;
constexpr Collector kDecoding{.name = "decoding",
                              .help = "logical decoding by slot: decoded, spilled, streamed",
                              .cadence = Cadence::kNormal,
                              .families = kFamilies,
                              .statements = kStatements,
                              .decode = DecodeAs<DecodingFact, Decode>,
                              .emit = EmitFact<DecodingFact, Emit>};

}  // namespace pgrepl
