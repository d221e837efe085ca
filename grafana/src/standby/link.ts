// SPDX-License-Identifier: Apache-2.0
// The way of WAL from the upstream to the chosen standbys.
import * as exprs from "../exprs";
import { timeline, timeseries } from "../panels";
import { byServer, query } from "../queries";
import { EDGE, LINK } from "../states";
import { above, threshold } from "../thresholds";
import { CLUSTER, SERVERS } from "../variables";

const NONE = "No standby is chosen, or none is known.";
const STAGES = ["send", "write", "flush", "replay"];
/** Series of an upstream, of those of its standbys that are chosen. */
const OF_STANDBYS = `${CLUSTER},standby=~"$server"`;

export const link = [
  timeline({
    title: "Receiver",
    width: 12,
    unit: "none",
    noValue: NONE,
    description: "Whether it receives WAL, by its own word or its upstream's.",
    queries: [query(exprs.links(SERVERS), "{{server}}")],
    mappings: LINK,
    alerts: ["PostgresReceiverDown", "PostgresFallenBackToArchive"],
  }),
  timeline({
    title: "From whom",
    width: 12,
    unit: "none",
    noValue: "It receives WAL from no known server.",
    description: "Its upstream: from whom it receives, or last received.",
    queries: [
      query(
        `max by (pg_cluster, server, standby) (pgrepl_edge{${OF_STANDBYS}})`,
        "{{standby}} from {{server}}",
      ),
    ],
    mappings: EDGE,
    alerts: ["PostgresUnexpectedUpstream"],
  }),
  timeseries({
    title: "WAL on its way",
    width: 12,
    unit: "bytes",
    noValue: NONE,
    description:
      "Not sent yet, sent and not written, written and not flushed, flushed and not " + "replayed.",
    queries: STAGES.map((stage) =>
      query(byServer(`pgrepl_lag_bytes{${SERVERS},stage="${stage}"}`), `{{server}} ${stage}`),
    ),
    alerts: ["PostgresStandbyWalGrowing"],
  }),
  timeseries({
    title: "Lag as the upstream measures it",
    width: 12,
    unit: "s",
    noValue: "It has caught up: the upstream forgets its figures when it idles.",
    description:
      "pg_stat_replication's write_lag, flush_lag and replay_lag; they stand still while " +
      "the standby is stalled.",
    queries: [
      query(
        `max by (pg_cluster, server, standby, stage) (
      pgrepl_sender_lag_seconds{${OF_STANDBYS}})`,
        "{{standby}} {{stage}} from {{server}}",
      ),
    ],
  }),
  timeseries({
    title: "Silence",
    width: 12,
    unit: "s",
    noValue: NONE,
    description:
      "Since the receiver's last message, and since the standby's last reply to its " +
      `upstream. From ${threshold("silence_factor") * 100} % of the timeout on (dashed) the link ` +
      "is stalled.",
    queries: [
      query(byServer(`pgrepl_receiver_last_message_age_seconds{${SERVERS}}`), "{{server}} message"),
      query(
        `max by (pg_cluster, server, standby) (pgrepl_sender_reply_age_seconds{${OF_STANDBYS}})`,
        "{{standby}} reply to {{server}}",
      ),
      query(
        `min by (pg_cluster) (max by (pg_cluster, server) (
        pgrepl_receiver_timeout_seconds{${SERVERS}} > 0)) * ${threshold("silence_factor")}`,
        "stalled",
      ),
    ],
    bounds: ["stalled"],
    alerts: ["PostgresConnectionStalled"],
  }),
  timeseries({
    title: "Receiver restarts",
    width: 12,
    unit: "short",
    noValue: NONE,
    description: "Times that a new WAL receiver was seen, in 15 minutes.",
    queries: [
      query(byServer(`increase(pgrepl_receiver_restarts_total{${SERVERS}}[15m])`), "{{server}}"),
    ],
    thresholds: above(threshold("receiver_restarts")),
    alerts: ["PostgresReceiverFlapping"],
  }),
  timeseries({
    title: "Replayed and received",
    width: 24,
    unit: "Bps",
    noValue: "No server is known.",
    description:
      "How fast WAL is flushed by its receiver, and replayed (or written, by a primary).",
    queries: [
      query(
        byServer(
          `deriv(pgrepl_receiver_position_bytes{${SERVERS},position="flushed"}[$__rate_interval])`,
        ),
        "{{server}} received",
      ),
      query(
        byServer(`deriv(pgrepl_wal_position_bytes{${SERVERS}}[$__rate_interval])`),
        "{{server}} replayed",
      ),
    ],
  }),
];
