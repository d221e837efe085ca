// SPDX-License-Identifier: Apache-2.0
// What replay finds in memory, and how far it looks ahead.
import { timeseries } from "../panels";
import { byServer, query } from "../queries";
import { SERVERS } from "../variables";

const NONE = "No standby of PostgreSQL 15 or later is chosen.";

export const prefetch = [
  timeseries({
    title: "Blocks that replay needs",
    width: 12,
    unit: "ops",
    noValue: NONE,
    description: "Read ahead (prefetch), in memory already (hit), or skipped, each second.",
    queries: [
      query(
        `max by (pg_cluster, server, result) (
      rate(pgrepl_recovery_prefetch_blocks_total{${SERVERS}}[$__rate_interval]))`,
        "{{server}} {{result}}",
      ),
    ],
  }),
  timeseries({
    title: "How far it looks ahead",
    width: 12,
    unit: "bytes",
    noValue: NONE,
    description: "WAL ahead of replay in which blocks are looked for.",
    queries: [
      query(byServer(`pgrepl_recovery_prefetch_wal_distance_bytes{${SERVERS}}`), "{{server}}"),
    ],
  }),
];
