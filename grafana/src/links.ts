// SPDX-License-Identifier: Apache-2.0
// Addresses of the dashboards and of the alerts' runbooks. Their uids are fixed: Alertmanager's
// notifications link to them.
import { DashboardLinkBuilder, DashboardLinkType } from "@grafana/grafana-foundation-sdk/dashboard";

export const UID = {
  fleet: "pgrepl-fleet",
  cluster: "pgrepl-cluster",
  standby: "pgrepl-standby",
  exporter: "pgrepl-exporter",
} as const;
export type Name = keyof typeof UID;

const TITLE: Record<Name, string> = {
  fleet: "Fleet",
  cluster: "Cluster",
  standby: "Standby and slots",
  exporter: "Exporter health",
};

/** What the dashboard is called in Grafana. */
export function title(name: Name): string {
  return `PostgreSQL replication / ${TITLE[name]}`;
}

const CONTEXT = "${datasource:queryparam}&${__url_time_range}&${runbooks:queryparam}";

/** Values are what Grafana puts into an address, as "${__data.fields.server}". */
export function address(name: Name, variables: Record<string, string>): string {
  const words = Object.entries(variables).map(([key, value]) => `var-${key}=${value}`);
  return `/d/${UID[name]}?${[...words, CONTEXT].join("&")}`;
}

/** Of a cell or a point. */
export function dataLink(text: string, url: string): { title: string; url: string } {
  return { title: text, url };
}

/** From a row of a table, which has columns pg_cluster and perhaps server. */
export const TO_CLUSTER = dataLink(
  "Cluster ${__data.fields.Cluster}",
  address("cluster", { cluster: "${__data.fields.Cluster:percentencode}" }),
);
export const TO_STANDBY = dataLink(
  "Server ${__data.fields.Server}",
  address("standby", {
    cluster: "${__data.fields.Cluster:percentencode}",
    server: "${__data.fields.Server:percentencode}",
  }),
);
/** From a series labelled server, on a dashboard of one cluster. */
export const TO_SERVER = dataLink(
  "Server ${__field.labels.server}",
  address("standby", {
    cluster: "${cluster:percentencode}",
    server: "${__field.labels.server:percentencode}",
  }),
);
export const TO_RUNBOOK = dataLink(
  "Runbook of ${__data.fields.Alert}",
  "${runbooks}/${__data.fields.Alert}.md",
);

/** Of an alert, from a panel that shows what it is about. */
export function runbook(alert: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook ${alert}`)
    .type(DashboardLinkType.Link)
    .url("${runbooks}/" + alert + ".md")
    .targetBlank(true);
}

/** What a dashboard hands on to another. Where one cluster is looked at, all have no place. */
const HANDED_ON: Record<Name, Partial<Record<Name, string[]>>> = {
  fleet: { cluster: [], standby: [], exporter: ["cluster"] },
  cluster: { fleet: [], standby: ["cluster", "server"], exporter: ["cluster"] },
  standby: { fleet: [], cluster: ["cluster"], exporter: ["cluster"] },
  exporter: { fleet: ["cluster"], cluster: [], standby: [] },
};

/** In the head of a dashboard, to all others. */
export function navigation(here: Name): DashboardLinkBuilder[] {
  return Object.entries(HANDED_ON[here]).map(([name, variables]) =>
    new DashboardLinkBuilder(TITLE[name as Name])
      .type(DashboardLinkType.Link)
      .icon("dashboard")
      .tooltip(title(name as Name))
      .url(
        `/d/${UID[name as Name]}?` +
          [...variables, "datasource", "runbooks"]
            .map((variable) => "${" + variable + ":queryparam}")
            .join("&"),
      )
      .keepTime(true),
  );
}
