// SPDX-License-Identifier: Apache-2.0
// All clusters, a row for each: which of them needs somebody now?
import { annotations } from "./annotations";
import { dashboard } from "./dashboard";
import * as exprs from "./exprs";
import { TO_CLUSTER, TO_RUNBOOK, address, dataLink } from "./links";
import { stat, timeline, timeseries } from "./panels";
import { byCluster, query, renamed } from "./queries";
import { FIRING, SEVERITY, YES_IS_BAD } from "./states";
import { table } from "./table";
import { LAG, LAG_RATIO, above, below, criticalFrom, threshold } from "./thresholds";
import { CLUSTERS, clusters, datasource, runbooks } from "./variables";

const NOTHING = "No exporter told anything: is it scraped by this data source?";
const OF_SERIES = dataLink(
  "Cluster ${__field.labels.pg_cluster}",
  address("cluster", { cluster: "${__field.labels.pg_cluster:percentencode}" }),
);
const worstLag = `max by (pg_cluster) (${exprs.lag(CLUSTERS)})`;
const splitBrain = `${byCluster(`pgrepl_primaries{${CLUSTERS}}`)}
  > bool ${byCluster(`pgrepl_expected_primaries{${CLUSTERS}}`)}`;
const rpo = byCluster(`pgrepl_rpo_seconds{${CLUSTERS},scope="standby"}`);
const waitingForArchive = byCluster(`pgrepl_archive_oldest_ready_age_seconds{${CLUSTERS}}`);

const now = [
  stat({
    title: "Clusters watched",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Clusters that an exporter watches now.",
    queries: [query(`count(${byCluster(`pgrepl_expected_primaries{${CLUSTERS}}`)})`)],
    alerts: ["PostgresClusterUnwatched"],
  }),
  stat({
    title: "Without a primary",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Clusters in which nothing can be written.",
    queries: [
      query(`sum(${byCluster(`pgrepl_primaries{${CLUSTERS}}`)}
      < bool ${byCluster(`pgrepl_expected_primaries{${CLUSTERS}}`)})`),
    ],
    thresholds: criticalFrom(1),
    alerts: ["PostgresNoPrimary"],
  }),
  stat({
    title: "Standbys missing",
    width: 4,
    unit: "short",
    noValue: "Not recorded: load alerts/rules into Prometheus.",
    description: "Standbys that are expected and not connected, in all clusters.",
    queries: [query(`sum(${exprs.standbysMissing(CLUSTERS)})`)],
    thresholds: above(1),
    alerts: ["PostgresStandbyMissing", "PostgresNoStandby"],
  }),
  stat({
    title: "Worst lag, of its max_lag",
    width: 4,
    unit: "percentunit",
    noValue: "No standby, or alerts/rules aren't loaded.",
    description:
      "How stale the stalest standby is, divided by the lag that it may have: above " +
      "100 % its alert fires.",
    queries: [query(`max(${exprs.lagRatio(CLUSTERS)})`)],
    thresholds: LAG_RATIO,
    alerts: ["PostgresReplicationLagHigh", "PostgresReplicationLagCritical"],
  }),
  stat({
    title: "Blind targets",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Servers that the exporter doesn't reach. What only they could tell is missing.",
    queries: [query(`sum(${exprs.blind(CLUSTERS)})`)],
    thresholds: above(1),
    alerts: ["PostgresServerDown", "PostgresClusterBlind"],
  }),
  stat({
    title: "Firing alerts",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Alerts of all clusters that fire now.",
    queries: [query(`sum(${exprs.firingCount(CLUSTERS)})`)],
    thresholds: above(1),
  }),
];

const overview = table({
  title: "Clusters",
  width: 24,
  height: 10,
  noValue: NOTHING,
  description:
    "A row for each cluster; click on its name for the cluster. Sync margin is how many " +
    "synchronous standbys there are beyond those that a commit waits for, empty where it waits " +
    "for none. An empty figure of the archive: this cluster archives nothing.",
  alerts: ["PostgresSplitBrain", "PostgresSyncStandbyLost", "PostgresArchiveBacklog"],
  keys: [{ label: "pg_cluster", name: "Cluster", link: TO_CLUSTER }],
  columns: [
    {
      name: "Primary",
      label: "server",
      expr: `topk by (pg_cluster) (1, ${exprs.primaries(CLUSTERS)})`,
    },
    { name: "Split brain", expr: splitBrain, mappings: YES_IS_BAD },
    { name: "Standbys", expr: exprs.standbysPresent(CLUSTERS) },
    { name: "Missing", expr: exprs.standbysMissing(CLUSTERS), thresholds: above(1) },
    { name: "Worst lag", expr: worstLag, unit: "s" },
    {
      name: "Of max_lag",
      expr: `max by (pg_cluster) (${exprs.lagRatio(CLUSTERS)})`,
      unit: "percentunit",
      thresholds: LAG_RATIO,
      decimals: 0,
    },
    { name: "Sync margin", expr: exprs.syncMargin(CLUSTERS), thresholds: below(0) },
    { name: "RPO now", expr: rpo, unit: "s" },
    { name: "Slots at risk", expr: exprs.slotsAtRisk(CLUSTERS), thresholds: criticalFrom(1) },
    {
      name: "Waits for archive",
      expr: waitingForArchive,
      unit: "s",
      thresholds: above(threshold("archive_ready_age_seconds")),
    },
    { name: "Blind", expr: exprs.blind(CLUSTERS), thresholds: above(1) },
    { name: "Alerts", expr: exprs.firingCount(CLUSTERS), thresholds: above(1) },
  ],
});

const alerts = [
  table({
    title: "Alerts that fire",
    width: 12,
    noValue: "Nothing fires.",
    description: "Click on an alert for its runbook, on a cluster for its dashboard.",
    keys: [
      { label: "alertname", name: "Alert", link: TO_RUNBOOK },
      { label: "severity", name: "Severity", mappings: SEVERITY },
      { label: "pg_cluster", name: "Cluster", link: TO_CLUSTER },
      { label: "server", name: "Server" },
    ],
    columns: [
      {
        name: "State",
        mappings: FIRING,
        expr: exprs.firing(CLUSTERS, "severity", "pg_cluster", "server"),
      },
    ],
  }),
  timeline({
    title: "Alerts over time",
    width: 12,
    height: 8,
    unit: "none",
    noValue: "Nothing fired.",
    description: "When which alert fired, by cluster.",
    queries: [query(exprs.firing(CLUSTERS, "pg_cluster"), "{{pg_cluster}} {{alertname}}")],
    mappings: FIRING,
  }),
];

const history = [
  timeseries({
    title: "Worst lag by cluster",
    width: 12,
    unit: "s",
    noValue: "No standby, or alerts/rules aren't loaded.",
    description:
      "How stale the stalest standby of each cluster is, intended delays not counted. The " +
      "threshold is the usual max_lag, and five times as much; a server may have another.",
    queries: [query(worstLag, "{{pg_cluster}}")],
    thresholds: LAG,
    alerts: ["PostgresReplicationLagHigh"],
    link: OF_SERIES,
  }),
  timeseries({
    title: "RPO by cluster",
    width: 12,
    unit: "s",
    noValue: "No cluster with a standby.",
    description:
      "What would be lost if the primary's disk died: the age of the oldest transaction " +
      "that no standby has.",
    queries: [query(rpo, "{{pg_cluster}}")],
    link: OF_SERIES,
  }),
  timeseries({
    title: "Primaries by cluster",
    width: 12,
    unit: "short",
    noValue: NOTHING,
    description:
      "Servers that take writes, seen by the exporter or by a standby that streams from " +
      "them. More than one is a split brain.",
    queries: [query(byCluster(`pgrepl_primaries{${CLUSTERS}}`), "{{pg_cluster}}")],
    alerts: ["PostgresNoPrimary", "PostgresSplitBrain"],
    link: OF_SERIES,
  }),
  timeseries({
    title: "WAL written by cluster",
    width: 12,
    unit: "Bps",
    noValue: NOTHING,
    description:
      "How much WAL the primaries write: what standbys, slots and the archive must take.",
    queries: [
      query(
        `sum by (pg_cluster) (max by (pg_cluster, server) (
      rate(pgrepl_wal_written_bytes_total{${CLUSTERS}}[$__rate_interval])))`,
        "{{pg_cluster}}",
      ),
    ],
    link: OF_SERIES,
  }),
  table({
    title: "Servers that aren't reached",
    width: 24,
    height: 6,
    noValue: "The exporter reaches all servers.",
    description: "Why the exporter does not reach them.",
    alerts: ["PostgresServerDown"],
    keys: [
      { label: "pg_cluster", name: "Cluster", link: TO_CLUSTER },
      { label: "server", name: "Server" },
      { label: "why", name: "Why" },
    ],
    columns: [
      {
        name: "Down",
        mappings: YES_IS_BAD,
        expr: renamed(
          `topk by (pg_cluster, server) (1, max by (pg_cluster, server, reason) (
        pgrepl_up_reason{${CLUSTERS},reason!="ok"}) == 1)`,
          "reason",
          "why",
        ),
      },
    ],
  }),
];

export function fleet() {
  return dashboard({
    name: "fleet",
    description: "All PostgreSQL clusters that are watched: which of them needs somebody now?",
    since: "now-6h",
    refresh: "30s",
    variables: [datasource(), clusters(), runbooks()],
    annotations: annotations(CLUSTERS, false),
    rows: [
      { title: "Now", panels: now },
      { title: "Clusters", panels: [overview] },
      { title: "Alerts", panels: alerts },
      { title: "History", panels: history },
    ],
  });
}
