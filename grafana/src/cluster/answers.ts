// SPDX-License-Identifier: Apache-2.0
// The first row: the questions that somebody who was just woken up has.
import * as exprs from "../exprs";
import { address, dataLink } from "../links";
import { stat } from "../panels";
import { byCluster, byServer, query, state } from "../queries";
import { LAG, PLAIN, above, below, criticalFrom, threshold } from "../thresholds";
import { CLUSTER } from "../variables";

const NOTHING = "No exporter watches it now.";
const RULES = "Not recorded: load alerts/rules.";
const TO_ALL_STANDBYS = dataLink(
  "Standbys and slots",
  address("standby", { cluster: "${cluster:percentencode}" }),
);
const TO_EXPORTER = dataLink(
  "Exporter health",
  address("exporter", { cluster: "${cluster:percentencode}" }),
);

export const answers = [
  stat({
    title: "Primary",
    width: 4,
    unit: "none",
    shows: "name",
    noValue: "None answers the exporter.",
    description:
      "The servers that say they are primary, and answer. Two of them are a split brain.",
    queries: [query(exprs.primaries(CLUSTER), "{{server}}")],
    alerts: ["PostgresNoPrimary", "PostgresSplitBrain"],
  }),
  stat({
    title: "Standbys present",
    width: 4,
    unit: "short",
    shows: "both",
    noValue: RULES,
    description:
      "Standbys that are connected, or fed by the archive as they are meant to be; and " +
      "how many there should be.",
    queries: [
      query(exprs.standbysPresent(CLUSTER), "present"),
      query(byCluster(`pgrepl_expected_standbys{${CLUSTER}}`), "expected"),
    ],
    alerts: ["PostgresStandbyMissing", "PostgresNoStandby"],
  }),
  stat({
    title: "Standbys missing",
    width: 4,
    unit: "short",
    noValue: RULES,
    description: "Expected and not connected.",
    queries: [query(exprs.standbysMissing(CLUSTER))],
    thresholds: above(1),
    alerts: ["PostgresStandbyMissing"],
    link: TO_ALL_STANDBYS,
  }),
  stat({
    title: "Worst lag",
    width: 4,
    unit: "s",
    noValue: "No standby, or alerts/rules aren't loaded.",
    description:
      "How stale a read on the stalest standby is, intended delay not counted. The " +
      "threshold is the usual max_lag; the alert takes the server's own.",
    queries: [query(`max by (pg_cluster) (${exprs.lag(CLUSTER)})`)],
    thresholds: LAG,
    alerts: ["PostgresReplicationLagHigh", "PostgresReplicationLagCritical"],
    link: TO_ALL_STANDBYS,
  }),
  stat({
    title: "Why the worst lags",
    width: 4,
    unit: "none",
    shows: "name",
    noValue: "No standby lags.",
    description:
      "The cause of the worst lag, as the exporter tells it. docs/lag.md says what each " +
      "means.",
    queries: [
      query(
        `${state(`pgrepl_lag_cause{${CLUSTER},cause!="none"}`, "cause", "server")}
      and on (pg_cluster, server) topk by (pg_cluster) (1, ${exprs.lag(CLUSTER)})`,
        "{{server}}: {{cause}}",
      ),
    ],
    thresholds: above(1),
    alerts: ["PostgresReplicationLagUnknown"],
  }),
  stat({
    title: "Sync margin",
    width: 4,
    unit: "short",
    noValue: "Commits wait for no standby.",
    description:
      "Synchronous standbys beyond those that a commit waits for. At 0 all that are " +
      "needed are there and none to spare; below 0 commits hang.",
    queries: [query(exprs.syncMargin(CLUSTER))],
    thresholds: below(0),
    alerts: ["PostgresSyncStandbyLost", "PostgresCommitsBlocked"],
  }),
  stat({
    title: "RPO now",
    width: 4,
    unit: "s",
    noValue: "No primary and standby to compare.",
    description:
      "Age of the oldest transaction that would be lost if the primary's disk died now: " +
      "no standby has it. The last known figure while the primary isn't reached.",
    queries: [query(byCluster(`pgrepl_rpo_seconds{${CLUSTER},scope="standby"}`))],
  }),
  stat({
    title: "Best candidate",
    width: 4,
    unit: "none",
    shows: "name",
    noValue: "No standby is fit to take over.",
    description:
      "The standby that a failover should choose: it has most WAL of those that may lead.",
    queries: [
      query(
        `topk by (pg_cluster) (1, ${byServer(`pgrepl_failover_candidate{${CLUSTER},reason="best"}`)}
        == 1)`,
        "{{server}}",
      ),
    ],
    alerts: ["PostgresNoFailoverCandidate"],
    thresholds: PLAIN,
  }),
  stat({
    title: "Slots at risk",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Replication slots that are lost, may be soon, or hold back too much WAL.",
    queries: [query(exprs.slotsAtRisk(CLUSTER))],
    thresholds: criticalFrom(1),
    alerts: ["PostgresSlotNearLoss", "PostgresSlotLost"],
    link: TO_ALL_STANDBYS,
  }),
  stat({
    title: "Oldest WAL to archive",
    width: 4,
    unit: "s",
    noValue: "No WAL archive is seen.",
    description: "How long the oldest finished segment has waited to be archived.",
    queries: [query(byCluster(`pgrepl_archive_oldest_ready_age_seconds{${CLUSTER}}`))],
    thresholds: above(threshold("archive_ready_age_seconds")),
    alerts: ["PostgresArchiveBacklog", "PostgresArchiveFailing"],
  }),
  stat({
    title: "Blind targets",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Servers that the exporter doesn't reach. What only they could tell is missing.",
    queries: [query(exprs.blind(CLUSTER))],
    thresholds: above(1),
    alerts: ["PostgresServerDown", "PostgresClusterBlind"],
    link: TO_EXPORTER,
  }),
  stat({
    title: "Firing alerts",
    width: 4,
    unit: "short",
    noValue: NOTHING,
    description: "Alerts of this cluster that fire now; the list is below.",
    queries: [query(exprs.firingCount(CLUSTER))],
    thresholds: above(1),
  }),
];
