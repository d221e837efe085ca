// SPDX-License-Identifier: Apache-2.0
// How far each standby is behind, where its WAL is on the way, and why.
import * as exprs from "../exprs";
import { TO_SERVER, TO_STANDBY } from "../links";
import { timeline, timeseries } from "../panels";
import { byServer, byStandby, query, state } from "../queries";
import { CAUSE, HELD, KNOWN, LINK } from "../states";
import { table } from "../table";
import { LAG, LAG_RATIO, threshold } from "../thresholds";
import { SERVERS } from "../variables";

const NONE = "No standby is known.";
const STAGES = ["send", "write", "flush", "replay"];

const standbys = table({
  title: "Standbys",
  width: 24,
  height: 7,
  noValue: NONE,
  description:
    "A row for each standby; click on it for all about it. A lag that is a bound is at " +
    "least (or at most) the figure: something needed to measure it can't be seen.",
  alerts: ["PostgresReplicationLagHigh", "PostgresReplicationLagUnknown"],
  keys: [
    { label: "pg_cluster", name: "Cluster" },
    { label: "server", name: "Server", link: TO_STANDBY },
  ],
  columns: [
    { name: "Link", expr: exprs.links(SERVERS), mappings: LINK },
    { name: "Lag", expr: byServer(`pgrepl_lag_seconds{${SERVERS}}`), unit: "s" },
    {
      name: "Of max_lag",
      expr: exprs.lagRatio(SERVERS),
      unit: "percentunit",
      thresholds: LAG_RATIO,
      decimals: 0,
    },
    { name: "Figure is", expr: byServer(`pgrepl_lag_known{${SERVERS}}`), mappings: KNOWN },
    {
      name: "Cause",
      label: "cause",
      mappings: CAUSE,
      expr: state(`pgrepl_lag_cause{${SERVERS}}`, "cause", "server"),
    },
    { name: "Behind", expr: byServer(`pgrepl_lag_bytes{${SERVERS},stage="total"}`), unit: "bytes" },
    { name: "Intended delay", expr: byServer(`pgrepl_apply_delay_seconds{${SERVERS}}`), unit: "s" },
    {
      name: "Takes over",
      label: "reason",
      expr: state(`pgrepl_failover_candidate{${SERVERS}}`, "reason", "server"),
    },
  ],
});

const seconds = timeseries({
  title: "Lag by standby",
  width: 12,
  unit: "s",
  noValue: NONE,
  description:
    "How stale a read on each standby is. It is 0 when all is replayed, also on an idle " +
    "primary, and grows while a standby is cut off or down. Dashed: the lowest max_lag; above it " +
    "the alert fires.",
  queries: [
    query(byServer(`pgrepl_lag_seconds{${SERVERS}}`), "{{server}}"),
    query(
      `min by (pg_cluster) (${byServer(`pgrepl_lag_threshold_seconds{${SERVERS}}`)})`,
      "max_lag",
    ),
  ],
  bounds: ["max_lag"],
  thresholds: LAG,
  link: TO_SERVER,
  alerts: [
    "PostgresReplicationLagHigh",
    "PostgresReplicationLagCritical",
    "PostgresInitialSyncSlow",
  ],
});

const causes = timeline({
  title: "Why standbys lag",
  width: 12,
  height: 8,
  unit: "none",
  noValue: "No standby lagged.",
  description: "The cause, while a standby lags. docs/lag.md says what each of them means.",
  queries: [query(exprs.causes(SERVERS), "{{server}}: {{cause}}")],
  mappings: HELD,
  link: TO_SERVER,
});

const bytes = timeseries({
  title: "WAL behind, by standby",
  width: 12,
  unit: "bytes",
  noValue: NONE,
  description:
    "WAL between the primary's flush and each standby's replay. Absent while it isn't " + "known.",
  queries: [query(byServer(`pgrepl_lag_bytes{${SERVERS},stage="total"}`), "{{server}}")],
  alerts: ["PostgresStandbyWalGrowing", "PostgresCatchupStuck"],
  link: TO_SERVER,
});

const stages = timeseries({
  title: "WAL behind, by stage",
  width: 12,
  unit: "bytes",
  noValue: NONE,
  description:
    "Where WAL waits: not sent yet, sent and not written, written and not flushed, flushed " +
    "and not replayed. The largest of all chosen standbys in each stage.",
  queries: STAGES.map((stage) =>
    query(`max by (pg_cluster) (pgrepl_lag_bytes{${SERVERS},stage="${stage}"})`, stage),
  ),
  named: STAGES,
});

const senders = timeseries({
  title: "Lag as the upstream measures it",
  width: 12,
  unit: "s",
  noValue: "All have caught up: the upstream forgets its figures when it idles.",
  description:
    "pg_stat_replication's write_lag, flush_lag and replay_lag. They stand still while a " +
    "standby is stalled, and vanish when it has caught up: for the truth see Lag by standby.",
  queries: [
    query(
      `max by (pg_cluster, server, standby, stage) (
    pgrepl_sender_lag_seconds{${SERVERS}})`,
      "{{standby}} {{stage}} from {{server}}",
    ),
  ],
});

const replies = timeseries({
  title: "Reply age",
  width: 12,
  unit: "s",
  noValue: "No standby has replied yet.",
  description:
    "How long ago each standby's last reply was seen. An idle one replies every " +
    "wal_receiver_status_interval; from " +
    `${threshold("silence_factor") * 100} % of wal_sender_timeout on (dashed) the link is stalled.`,
  queries: [
    query(byStandby(`pgrepl_sender_reply_age_seconds{${SERVERS}}`), "{{standby}} to {{server}}"),
    query(
      `min by (pg_cluster) (max by (pg_cluster, server) (
      pgrepl_sender_timeout_seconds{${SERVERS}} > 0)) * ${threshold("silence_factor")}`,
      "stalled",
    ),
  ],
  bounds: ["stalled"],
  alerts: ["PostgresConnectionStalled"],
});

export const lag = [standbys, seconds, causes, bytes, stages, senders, replies];
