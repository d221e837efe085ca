// PromQL: every query takes the exporter's own labels away, so that two exporters show nothing twice.
// SPDX-License-Identifier: Apache-2.0
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

export const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** Selectors: of the chosen clusters, and of the chosen servers in them. */
export const CLUSTER = 'pg_cluster=~"$cluster"';
export const SERVER = 'pg_cluster=~"$cluster", server=~"$server"';

/** `max by (pg_cluster, <labels>) (<family>{<selector>})`. */
export function max(family: string, labels = "server", selector = CLUSTER): string {
  const by = labels ? `pg_cluster, ${labels}` : "pg_cluster";
  return `max by (${by}) (${family}{${selector}})`;
}

export function min(family: string, labels = "server", selector = CLUSTER): string {
  return max(family, labels, selector).replace(/^max/, "min");
}

/** Per second; of two exporters that count the same, one. */
export function rate(family: string, labels = "server", selector = CLUSTER): string {
  return `max by (pg_cluster, ${labels}) (rate(${family}{${selector}}[$__rate_interval]))`;
}

export interface Query {
  expr: string;
  legend?: string;
  refId?: string;
}

/** Over time. */
export function range({ expr, legend = "{{server}}", refId }: Query): DataqueryBuilder {
  const query = new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).range();
  return refId ? query.refId(refId) : query;
}

/** Now. */
export function instant({ expr, legend = "{{server}}", refId }: Query): DataqueryBuilder {
  const query = new DataqueryBuilder().datasource(DATASOURCE).expr(expr).legendFormat(legend).instant();
  return refId ? query.refId(refId) : query;
}

/** Now, as rows of a table: a column for each label. */
export function rows({ expr, refId }: Query): DataqueryBuilder {
  return instant({ expr, legend: "", refId }).format(PromQueryFormat.Table);
}
