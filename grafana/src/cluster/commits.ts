// SPDX-License-Identifier: Apache-2.0
// Whether commits wait for standbys, and what a failover would lose.
import { timeline, timeseries } from "../panels";
import { byCluster, byServer, byStandby, query } from "../queries";
import { HELD } from "../states";
import { LAG, above, criticalFrom, threshold } from "../thresholds";
import { CLUSTER } from "../variables";

const SYNC = "No primary was seen.";

export const commits = [
  timeseries({
    title: "Synchronous standbys",
    width: 8,
    unit: "short",
    noValue: SYNC,
    description:
      "How many a commit waits for, how many are there, and how many could take the place " +
      "of one. Fewer present than required: commits hang.",
    queries: [
      query(byCluster(`pgrepl_sync_required{${CLUSTER}}`), "required"),
      query(byCluster(`pgrepl_sync_present{${CLUSTER}}`), "present"),
      query(byCluster(`pgrepl_sync_candidates{${CLUSTER}}`), "candidates"),
    ],
    bounds: ["required"],
    named: ["present", "candidates"],
    alerts: ["PostgresSyncStandbyLost", "PostgresSyncNoSpare", "PostgresSyncTurnedOff"],
  }),
  timeseries({
    title: "Commits that wait",
    width: 8,
    unit: "short",
    noValue: SYNC,
    description: "Sessions whose commit waits for standbys, counted up to 1000.",
    queries: [query(byServer(`pgrepl_syncrep_waiters{${CLUSTER}}`), "{{server}}")],
    alerts: ["PostgresCommitsBlocked"],
  }),
  timeseries({
    title: "Oldest commit that waits",
    width: 8,
    unit: "s",
    noValue: SYNC,
    description: "How long the one that waits longest has been seen to wait.",
    queries: [query(byServer(`pgrepl_syncrep_oldest_wait_seconds{${CLUSTER}}`), "{{server}}")],
    thresholds: criticalFrom(threshold("commit_wait_seconds")),
    alerts: ["PostgresCommitsBlocked"],
  }),
  timeline({
    title: "Sync states",
    width: 8,
    height: 8,
    unit: "none",
    noValue: "No standby is connected.",
    description:
      "What each standby counts as: sync or quorum are waited for, potential would be " +
      "next, async never.",
    queries: [
      query(
        `max by (pg_cluster, server, standby, sync_state) (
      pgrepl_sender_sync_state{${CLUSTER}}) == 1`,
        "{{standby}} of {{server}}: {{sync_state}}",
      ),
    ],
    mappings: HELD,
  }),
  timeseries({
    title: "RPO, time",
    width: 8,
    unit: "s",
    noValue: "No primary and standby to compare.",
    description:
      "Age of the oldest transaction that would be lost with the primary: on no standby, " +
      "or (any) also on no pg_receivewal and in no archive. The threshold is the usual max_lag.",
    queries: ["standby", "any"].map((scope) =>
      query(byCluster(`pgrepl_rpo_seconds{${CLUSTER},scope="${scope}"}`), scope),
    ),
    named: ["standby", "any"],
    thresholds: LAG,
  }),
  timeseries({
    title: "RPO, WAL",
    width: 8,
    unit: "bytes",
    noValue: "No primary and standby to compare.",
    description: "WAL that is flushed on the primary and would be lost with it.",
    queries: ["standby", "any"].map((scope) =>
      query(byCluster(`pgrepl_rpo_bytes{${CLUSTER},scope="${scope}"}`), scope),
    ),
    named: ["standby", "any"],
  }),
  timeseries({
    title: "Feedback holds vacuum back",
    width: 24,
    height: 6,
    unit: "short",
    noValue: "No standby without a slot sends feedback (hot_standby_feedback).",
    description:
      "Transactions whose dead rows vacuum must keep, since a query on a standby may still " +
      "see them.",
    queries: [query(byStandby(`pgrepl_sender_xmin_age{${CLUSTER}}`), "{{standby}} on {{server}}")],
    thresholds: above(threshold("xmin_age")),
    alerts: ["PostgresXminHeld"],
  }),
];
