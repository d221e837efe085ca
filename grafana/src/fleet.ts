// All clusters at a glance: which one needs you.
// SPDX-License-Identifier: Apache-2.0
import { UIDS, board, toCluster, toRunbook } from "./board.js";
import { YES_IS_BAD, figure, lines, list, states, words } from "./panels.js";
import { CLUSTER, max } from "./query.js";
import { MAX_LAG, above, below, none, threshold } from "./thresholds.js";

const FIRING = `ALERTS{alertname=~"Postgres.+", alertstate="firing", ${CLUSTER}}`;
const IN_LIMIT = "no alert fires";

/** Slots that are lost, or will be at the next checkpoint. */
const AT_RISK = `sum by (pg_cluster) (${max("pgrepl_slot_wal_status", "server, slot_name, status",
  `status=~"lost|unreserved", ${CLUSTER}`)})`;

const dashboard = board({
  uid: UIDS.fleet, title: "Replication: fleet", clusters: "many",
  description: "One row for each cluster that is watched, the figures that decide whether it needs somebody.",
});

dashboard
  .withPanel(figure({
    title: "Clusters", span: 4, unit: "none", empty: "none watched",
    description: "Clusters that some exporter watches now.",
  }, { expr: `count(${max("pgrepl_expected_primaries", "")})` }))
  .withPanel(figure({
    title: "Critical alerts", span: 4, unit: "none", empty: "0", thresholds: none(),
    description: "Firing now, each once however many exporters watch.",
  }, { expr: `count(max by (alertname, pg_cluster, server) (${FIRING.replace("{", '{severity="critical", ')}))` }))
  .withPanel(figure({
    title: "Warnings", span: 4, unit: "none", empty: "0", thresholds: above(1),
    description: "Firing now, each once however many exporters watch.",
  }, { expr: `count(max by (alertname, pg_cluster, server) (${FIRING.replace("{", '{severity="warning", ')}))` }))
  .withPanel(figure({
    title: "Worst lag", span: 4, unit: "s", empty: "no standby is watched", thresholds: above(MAX_LAG),
    description: "Of all standbys; which one is in the table. Each has a limit of its own, 60 s unless configured.",
  }, { expr: `max(pgrepl_lag_seconds{${CLUSTER}})` }))
  .withPanel(figure({
    title: "Servers that don't answer", span: 4, unit: "none", empty: "none watched", thresholds: none(),
    description: "Configured servers that no exporter reaches.",
  }, { expr: `count(${max("pgrepl_up")} == 0) or vector(0)` }))
  .withPanel(figure({
    title: "Clusters without a primary", span: 4, unit: "none", empty: "none watched", thresholds: none(),
    description: "Where fewer primaries are seen than expected: nothing can be written.",
  }, { expr: `count(${max("pgrepl_primaries", "")} < ${max("pgrepl_expected_primaries", "")}) or vector(0)` }))

  .withPanel(list({
    title: "Clusters", span: 24, height: 10, unit: "none", empty: "No exporter watches a cluster: check that Prometheus "
      + "scrapes one, on the dashboard Exporter.",
    description: "The state of each cluster now. Click a name to go there.",
  }, { pg_cluster: "cluster" }, [
    { name: "cluster", link: toCluster },
    { name: "primaries", query: { expr: max("pgrepl_primaries", "") }, thresholds: below(1, 1) },
    { name: "standbys", query: { expr: `sum by (pg_cluster) (${max("pgrepl_standby_connected")}) or `
      + `${max("pgrepl_expected_standbys", "")} * 0` } },
    { name: "expected", query: { expr: max("pgrepl_expected_standbys", "") } },
    { name: "worst lag", unit: "s", query: { expr: max("pgrepl_lag_seconds", "") }, thresholds: above(MAX_LAG) },
    { name: "sync margin", thresholds: below(1, 0), query: { expr:
      `min by (pg_cluster) (${max("pgrepl_sync_present")} - ${max("pgrepl_sync_required")})` } },
    { name: "lost if it died now", unit: "bytes", query: { expr: max("pgrepl_rpo_bytes", "", `scope="standby", ${CLUSTER}`) } },
    { name: "slots at risk", query: { expr: AT_RISK }, thresholds: none() },
    { name: "not archived since", unit: "s", thresholds: above(threshold("archive_ready_age_seconds")),
      query: { expr: max("pgrepl_unarchived_seconds", "") } },
    { name: "don't answer", query: { expr: `count by (pg_cluster) (${max("pgrepl_up")} == 0) or `
      + `${max("pgrepl_expected_primaries", "")} * 0` }, thresholds: none() },
    { name: "diverged", query: { expr: max("pgrepl_diverged", "") }, mappings: YES_IS_BAD },
  ]))

  .withPanel(lines({
    title: "Worst lag of each cluster", span: 12, unit: "s", empty: "no standby is watched", thresholds: above(MAX_LAG),
    description: "How stale a read on the worst standby is. A standby that vanished keeps growing.",
  }, { expr: max("pgrepl_lag_seconds", ""), legend: "{{pg_cluster}}" }))
  .withPanel(lines({
    title: "Would be lost", span: 12, unit: "bytes", empty: "no primary is watched",
    description: "WAL that is flushed on the primary and on no standby, of each cluster.",
  }, { expr: max("pgrepl_rpo_bytes", "", `scope="standby", ${CLUSTER}`), legend: "{{pg_cluster}}" }))
  .withPanel(states({
    title: "Alerts", span: 24, unit: "none", empty: IN_LIMIT, mappings: words({ 1: ["firing", "critical"] }),
    description: "When which alert fired.",
  }, { expr: `max by (alertname, pg_cluster, server) (${FIRING})`, legend: "{{pg_cluster}} {{server}} {{alertname}}" }))
  .withPanel(list({
    title: "Firing now", span: 24, unit: "none", empty: IN_LIMIT,
    description: "The runbook of each is a click away. Set where runbooks can be read in the variable Runbooks.",
  }, { alertname: "alert", pg_cluster: "cluster", server: "server", severity: "severity" }, [
    { name: "alert", link: toRunbook },
    { name: "cluster", link: toCluster },
    { name: "firing", query: { expr: `max by (alertname, pg_cluster, server, severity) (${FIRING})` },
      mappings: words({ 1: ["yes", "critical"] }) },
  ]));

export default dashboard;
