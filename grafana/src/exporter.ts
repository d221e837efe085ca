// The exporters themselves: whether what the other dashboards say can be trusted.
// SPDX-License-Identifier: Apache-2.0
import { UIDS, board, runbook } from "./board.js";
import { YES_IS_GOOD, figure, lines, link, list, states, words } from "./panels.js";
import { max } from "./query.js";
import { above, none, threshold } from "./thresholds.js";

// These are about targets: the exporter's own labels are what is asked for.
const TARGETS = "pgrepl_exporter_build_info";
const EMPTY = "No exporter is scraped: is there a job for it in Prometheus?";

const dashboard = board({
  uid: UIDS.exporter, title: "Replication: exporters", clusters: "many",
  description: "Exporters, what they watch, what fails in them, and what they cost.",
});

dashboard
  .withPanel(figure({
    title: "Exporters", span: 6, unit: "none", empty: EMPTY, description: "That Prometheus scrapes now.",
  }, { expr: `count(${TARGETS})`, legend: "" }))
  .withPanel(figure({
    title: "Exporters that don't answer", span: 6, unit: "none", empty: EMPTY, thresholds: none(),
    description: "Targets that served our page within a day and don't now.",
  }, { expr: `count(max by (job, instance) (up) == 0 and on (job, instance) last_over_time(${TARGETS}[1d])) or vector(0)`, legend: "" })
    .links([link(runbook("PostgresReplicationExporterDown").title, runbook("PostgresReplicationExporterDown").url)]))
  .withPanel(figure({
    title: "Collectors that fail", span: 6, unit: "none", empty: EMPTY, thresholds: above(1),
    description: "On servers that answer: each loses its own series.",
  }, { expr: `sum(${max("pgrepl_collectors_failed", "server, reason")}) or vector(0)`, legend: "" })
    .links([link(runbook("PostgresCollectorFailing").title, runbook("PostgresCollectorFailing").url)]))
  .withPanel(figure({
    title: "Servers with rights missing", span: 6, unit: "none", empty: EMPTY, thresholds: above(1),
    description: "Where something is hidden from the exporter's role: GRANT pg_monitor.",
  }, { expr: `count(${max("pgrepl_privileges_ok")} == 0) or vector(0)`, legend: "" })
    .links([link(runbook("PostgresPrivilegesMissing").title, runbook("PostgresPrivilegesMissing").url)]))
  .withPanel(list({
    title: "What fails", span: 12, unit: "none", empty: "nothing fails",
    description: "Collectors whose last run failed on a server that answers.",
  }, { pg_cluster: "cluster", server: "server", collector: "collector" }, [
    { name: "fails", mappings: words({ 0: ["yes", "warning"] }),
      query: { expr: `${max("pgrepl_collector_success", "server, collector")} == 0 and on (pg_cluster, server) ${max("pgrepl_up")} == 1` } },
  ]))
  .withPanel(list({
    title: "Who watches what", span: 12, unit: "none", empty: EMPTY,
    description: "Exporters of each cluster by their share (--shard). Two shares of one cluster are a mistake.",
  }, { pg_cluster: "cluster", shard: "share" }, [
    { name: "exporters", query: { expr: 'count by (pg_cluster, shard) (pgrepl_exporter_watches{pg_cluster=~"$cluster"})' } },
  ]))
  .withPanel(states({
    title: "Servers that answer", span: 24, unit: "none", empty: EMPTY, mappings: YES_IS_GOOD,
    description: "Whether any exporter reaches each server.",
  }, { expr: max("pgrepl_up"), legend: "{{pg_cluster}} {{server}}" }))
  .withPanel(lines({
    title: "Clock skew", span: 8, unit: "s", empty: "no server is reached", thresholds: above(threshold("clock_skew_seconds")),
    description: "Each server's clock minus the exporter's.",
  }, { expr: max("pgrepl_clock_skew_seconds"), legend: "{{pg_cluster}} {{server}}" }))
  .withPanel(lines({
    title: "Slowest collectors", span: 8, unit: "s", empty: "no server is reached",
    description: "From sending a round of statements to its last answer, the worst server of each collector.",
  }, { expr: 'topk(10, max by (collector) (pgrepl_collector_duration_seconds{pg_cluster=~"$cluster"}))', legend: "{{collector}}" }))
  .withPanel(lines({
    title: "Connections opened", span: 8, unit: "ops", empty: EMPTY,
    description: "To PostgreSQL, per second: more than now and then is a server that ends them.",
  }, { expr: "sum by (job, instance) (rate(pgrepl_exporter_connections_opened_total[$__rate_interval]))", legend: "{{instance}}" }))
  .withPanel(lines({
    title: "Time to build a page", span: 8, unit: "s", empty: EMPTY, description: "The 99th percentile.",
  }, { expr: "histogram_quantile(0.99, sum by (job, instance, le) (rate(pgrepl_exporter_scrape_duration_seconds_bucket[$__rate_interval])))",
    legend: "{{instance}}" }))
  .withPanel(lines({
    title: "CPU", span: 8, unit: "percentunit", empty: EMPTY, description: "Of one core.",
  }, { expr: `sum by (job, instance) (rate(process_cpu_seconds_total[$__rate_interval])) and on (job, instance) ${TARGETS}`,
    legend: "{{instance}}" }))
  .withPanel(lines({
    title: "Memory", span: 8, unit: "bytes", empty: EMPTY, description: "Resident.",
  }, { expr: `max by (job, instance) (process_resident_memory_bytes) and on (job, instance) ${TARGETS}`, legend: "{{instance}}" }));

export default dashboard;
