// What all dashboards have: variables, links to one another, annotations.
// SPDX-License-Identifier: Apache-2.0
import {
  AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, DashboardLinkBuilder, DashboardLinkType,
  DatasourceVariableBuilder, QueryVariableBuilder, TextBoxVariableBuilder, VariableRefresh, VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCE } from "./query.js";
import { CRITICAL, WARNING } from "./thresholds.js";

export const UIDS = {
  fleet: "pgrepl-fleet", cluster: "pgrepl-cluster", standby: "pgrepl-standby", exporter: "pgrepl-exporter",
} as const;

const TAG = "pg_replication_exporter";
// Data links carry the time and the data source along.
const ALONG = "${__url_time_range}&var-datasource=${datasource}";

/** Of a row or a series that has the label. */
export const toCluster = {
  title: "This cluster",
  url: `/d/${UIDS.cluster}?var-cluster=\${__data.fields.cluster}&${ALONG}`,
};
export const toServer = {
  title: "This server",
  url: `/d/${UIDS.standby}?var-cluster=\${cluster}&var-server=\${__data.fields.server}&${ALONG}`,
};
export const toRunbook = { title: "Runbook", url: "${runbooks}/${__data.fields.alert}.md" };

/** A runbook of a known alert, for a panel's corner. */
export function runbook(alert: string): { title: string; url: string } {
  return { title: `Runbook: ${alert}`, url: `\${runbooks}/${alert}.md` };
}

function variable(named: string, label: string, query: string, many: boolean): QueryVariableBuilder {
  const made = new QueryVariableBuilder(named).label(label).datasource(DATASOURCE).query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc).multi(many);
  return many ? made.includeAll(true).allValue(".+").current({ selected: true, text: "All", value: "$__all" }) : made;
}

interface Options {
  uid: string;
  title: string;
  description: string;
  /** Several clusters at once, or one. */
  clusters?: "many" | "one";
  server?: boolean;
}

// Vanished ones are listed as long as the time range has them: a series of `up` stays while a server is down.
const CLUSTERS = "label_values(pgrepl_expected_primaries, pg_cluster)";
const SERVERS = 'label_values({__name__=~"pgrepl_up|pgrepl_lag_seconds", pg_cluster=~"$cluster"}, server)';

export function board({ uid, title, description, clusters, server }: Options): DashboardBuilder {
  const made = new DashboardBuilder(title).uid(uid).description(description).tags([TAG]).readonly()
    .timezone("browser").refresh("15s").time({ from: "now-3h", to: "now" }).tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .link(new DashboardLinkBuilder("Replication").type(DashboardLinkType.Dashboards).tags([TAG])
      .asDropdown(true).includeVars(true).keepTime(true));
  if (clusters) made.withVariable(variable("cluster", "Cluster", CLUSTERS, clusters === "many"));
  if (server) made.withVariable(variable("server", "Server", SERVERS, true));
  made.withVariable(new TextBoxVariableBuilder("runbooks").label("Runbooks")
    .defaultValue("https://example.com/alerts/runbooks"));
  if (clusters) annotate(made);
  return made;
}

function annotate(made: DashboardBuilder): void {
  made.annotation(new AnnotationQueryBuilder().name("Role changes").datasource(DATASOURCE).enable(true)
    .iconColor(WARNING)
    .expr('max by (pg_cluster, server) (changes(pgrepl_in_recovery{pg_cluster=~"$cluster"}[1m])) > 0'));
  made.annotation(new AnnotationQueryBuilder().name("Critical alerts").datasource(DATASOURCE).enable(true)
    .iconColor(CRITICAL)
    .expr('max by (alertname, pg_cluster, server) '
      + '(ALERTS{alertname=~"Postgres.+", alertstate="firing", severity="critical", pg_cluster=~"$cluster"})'));
}
