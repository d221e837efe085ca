// SPDX-License-Identifier: Apache-2.0
// Whether the other dashboards and the alerts can be trusted.
import { annotations } from "./annotations";
import { dashboard } from "./dashboard";
import { TO_CLUSTER, TO_STANDBY } from "./links";
import { stat, timeline, timeseries } from "./panels";
import { byServer, query, state } from "./queries";
import { NO_IS_BAD, UP } from "./states";
import { table } from "./table";
import { above, criticalFrom, threshold } from "./thresholds";
import { CLUSTERS, EXPORTERS, clusters, datasource, exporters, runbooks } from "./variables";

const NOTHING = "No exporter told anything: is it scraped by this data source?";
const SERVER = "pg_cluster, server";
const collectors = "max by (pg_cluster, server, collector)";

/** Each exporter once, whatever the job that scrapes it is called. */
function byExporter(inner: string): string {
  return `max by (instance) (${inner})`;
}

const now = [
  stat({
    title: "Exporters that answer",
    width: 6,
    unit: "short",
    noValue: NOTHING,
    description: "Exporters that Prometheus scrapes successfully now.",
    queries: [query(`count(${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)})`)],
  }),
  stat({
    title: "Exporters that don't",
    width: 6,
    unit: "short",
    noValue: NOTHING,
    description: "Exporters that answered within a day, and don't now.",
    queries: [
      query(`count(${byExporter(`last_over_time(pgrepl_exporter_build_info{${EXPORTERS}}[1d])`)}
      unless ${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)})
      or 0 * count(${byExporter(`last_over_time(pgrepl_exporter_build_info{${EXPORTERS}}[1d])`)})`),
    ],
    thresholds: criticalFrom(1),
    alerts: ["PostgresReplicationExporterDown"],
  }),
  stat({
    title: "Failing collectors",
    width: 6,
    unit: "short",
    noValue: NOTHING,
    description: "Collectors that fail on servers that answer: what they read is missing.",
    queries: [
      query(`sum(${collectors} (pgrepl_collector_success{${CLUSTERS}}) == bool 0
      and on (pg_cluster, server) ${byServer(`pgrepl_up{${CLUSTERS}}`)} == 1)`),
    ],
    thresholds: above(1),
    alerts: ["PostgresCollectorFailing"],
  }),
  stat({
    title: "Servers with missing rights",
    width: 6,
    unit: "short",
    noValue: NOTHING,
    description:
      "Servers on which something is hidden from the exporter's role. Its log has the " + "GRANT.",
    queries: [query(`sum(${byServer(`pgrepl_privileges_ok{${CLUSTERS}}`)} == bool 0)`)],
    thresholds: above(1),
    alerts: ["PostgresPrivilegesMissing"],
  }),
];

const targets = [
  timeline({
    title: "Servers reached",
    width: 12,
    height: 8,
    unit: "none",
    noValue: NOTHING,
    description: "Whether each server answers the exporter in time.",
    queries: [query(byServer(`pgrepl_up{${CLUSTERS}}`), "{{pg_cluster}} {{server}}")],
    mappings: UP,
    alerts: ["PostgresServerDown", "PostgresServerUnwatched"],
  }),
  table({
    title: "Servers",
    width: 12,
    noValue: NOTHING,
    description:
      "Why a server is reached or not, whether the exporter may see all of it, and how " +
      "far its clock is off.",
    alerts: ["PostgresPrivilegesMissing", "PostgresExporterClockSkew"],
    keys: [
      { label: "pg_cluster", name: "Cluster", link: TO_CLUSTER },
      { label: "server", name: "Server", link: TO_STANDBY },
    ],
    columns: [
      { name: "Up", expr: byServer(`pgrepl_up{${CLUSTERS}}`), mappings: UP },
      {
        name: "Why",
        label: "reason",
        expr: state(`pgrepl_up_reason{${CLUSTERS}}`, "reason", "server"),
      },
      {
        name: "Sees all",
        expr: byServer(`pgrepl_privileges_ok{${CLUSTERS}}`),
        mappings: NO_IS_BAD,
      },
      {
        name: "Clock skew",
        expr: byServer(`abs(pgrepl_clock_skew_seconds{${CLUSTERS}})`),
        unit: "s",
        thresholds: above(threshold("clock_skew_seconds")),
      },
    ],
  }),
  timeline({
    title: "Collectors that failed",
    width: 12,
    height: 8,
    unit: "none",
    noValue: "No collector failed.",
    description: "When which collector failed; a server that is down fails all.",
    queries: [
      query(
        `${collectors} (pgrepl_collector_success{${CLUSTERS}}) == 0`,
        "{{pg_cluster}} {{server}} {{collector}}",
      ),
    ],
    mappings: NO_IS_BAD,
    alerts: ["PostgresCollectorFailing"],
  }),
  timeseries({
    title: "Collectors that failed, by reason",
    width: 12,
    unit: "short",
    noValue: NOTHING,
    description:
      "How many failed, and why: missing is a column, function or view that the server " + "lacks.",
    queries: [
      query(
        `sum by (reason) (max by (pg_cluster, server, reason) (
      pgrepl_collectors_failed{${CLUSTERS}}))`,
        "{{reason}}",
      ),
    ],
  }),
  timeseries({
    title: "Slowest collectors",
    width: 12,
    unit: "s",
    noValue: NOTHING,
    description: "How long a round of statements took, the ten slowest.",
    queries: [
      query(
        `topk(10, ${collectors} (pgrepl_collector_duration_seconds{${CLUSTERS}}))`,
        "{{pg_cluster}} {{server}} {{collector}}",
      ),
    ],
  }),
  timeseries({
    title: "Age of what is told",
    width: 12,
    unit: "s",
    noValue: NOTHING,
    description: "How long ago the collector that waits longest last succeeded, by server.",
    queries: [
      query(
        `time() - min by (${SERVER}) (max by (pg_cluster, server, collector) (
      pgrepl_collector_last_success_timestamp_seconds{${CLUSTERS}}))`,
        "{{pg_cluster}} {{server}}",
      ),
    ],
  }),
];

const itself = [
  timeseries({
    title: "Time to build a page",
    width: 8,
    unit: "s",
    noValue: NOTHING,
    description: "99th percentile. It reads memory only, and never waits for PostgreSQL.",
    queries: [
      query(
        `histogram_quantile(0.99, sum by (instance, le) (
      rate(pgrepl_exporter_scrape_duration_seconds_bucket{${EXPORTERS}}[$__rate_interval])))`,
        "{{instance}}",
      ),
    ],
  }),
  timeseries({
    title: "Connections opened",
    width: 8,
    unit: "ops",
    noValue: NOTHING,
    description: "There is one connection to each server; many new ones mean that they break.",
    queries: [
      query(
        byExporter(
          `rate(pgrepl_exporter_connections_opened_total{${EXPORTERS}}[$__rate_interval])`,
        ),
        "{{instance}}",
      ),
    ],
  }),
  timeseries({
    title: "CPU",
    width: 8,
    unit: "percentunit",
    noValue: NOTHING,
    description: "Of one core.",
    queries: [
      query(
        `${byExporter(`rate(process_cpu_seconds_total{${EXPORTERS}}[$__rate_interval])`)}
      and on (instance) ${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)}`,
        "{{instance}}",
      ),
    ],
  }),
  timeseries({
    title: "Memory",
    width: 8,
    unit: "bytes",
    noValue: NOTHING,
    description: "Resident memory.",
    queries: [
      query(
        `${byExporter(`process_resident_memory_bytes{${EXPORTERS}}`)}
      and on (instance) ${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)}`,
        "{{instance}}",
      ),
    ],
  }),
  timeseries({
    title: "Open files",
    width: 8,
    unit: "short",
    noValue: NOTHING,
    description: "File descriptors, most of them connections.",
    queries: [
      query(
        `${byExporter(`process_open_fds{${EXPORTERS}}`)}
      and on (instance) ${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)}`,
        "{{instance}}",
      ),
    ],
  }),
  table({
    title: "Exporters",
    width: 8,
    noValue: NOTHING,
    description: "Version, and how many clusters each watches.",
    alerts: ["PostgresClusterWatchedTwice", "PostgresClusterUnwatched"],
    keys: [{ label: "instance", name: "Exporter" }],
    columns: [
      {
        name: "Version",
        label: "version",
        expr: `topk by (instance) (1,
        max by (instance, version) (pgrepl_exporter_build_info{${EXPORTERS}}))`,
      },
      {
        name: "Clusters",
        expr: `count by (instance) (max by (instance, pg_cluster) (
        pgrepl_exporter_watches{${EXPORTERS}}))`,
      },
      {
        name: "Up since",
        unit: "dateTimeFromNow",
        expr: `1000 * (${byExporter(`process_start_time_seconds{${EXPORTERS}}`)}
          and on (instance) ${byExporter(`pgrepl_exporter_build_info{${EXPORTERS}}`)})`,
      },
    ],
  }),
];

export function exporter() {
  return dashboard({
    name: "exporter",
    description:
      "Whether pg_replication_exporter reaches and sees all it should: can the other " +
      "dashboards and the alerts be trusted?",
    since: "now-3h",
    refresh: "30s",
    variables: [datasource(), clusters(), exporters(), runbooks()],
    annotations: annotations(CLUSTERS, false),
    rows: [
      { title: "Now", panels: now },
      { title: "Servers and collectors", panels: targets },
      { title: "The exporter itself", panels: itself },
    ],
  });
}
