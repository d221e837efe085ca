// SPDX-License-Identifier: Apache-2.0
// What is asked of Prometheus. Two exporters may watch one cluster, so every expression aggregates
// instance, job and pod away.
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

import { DATASOURCE } from "./variables";

/** What a panel asks. */
export interface Query {
  expr: string;
  legend?: string;
  /** Names it in overrides and transformations; A, B, ... without. */
  ref?: string;
}

export function query(expr: string, legend = "", ref?: string): Query {
  return { expr: expr.replace(/\s+/g, " ").trim(), legend, ref };
}

export function byCluster(inner: string): string {
  return `max by (pg_cluster) (${inner})`;
}
export function byServer(inner: string): string {
  return `max by (pg_cluster, server) (${inner})`;
}
export function byStandby(inner: string): string {
  return `max by (pg_cluster, server, standby) (${inner})`;
}
export function bySlot(inner: string): string {
  return `max by (pg_cluster, server, slot_name) (${inner})`;
}

/** The label of a one-hot family that holds, one only where two exporters differ. */
export function state(series: string, label: string, ...by: string[]): string {
  const labels = ["pg_cluster", ...by].join(", ");
  return `topk by (${labels}) (1, max by (${labels}, ${label}) (${series}) == 1)`;
}

/** The same series, with the label under another name. */
export function renamed(expr: string, from: string, to: string): string {
  return `label_replace(${expr}, "${to}", "$1", "${from}", "(.*)")`;
}

export function targets(queries: Query[], isInstant: boolean, format: PromQueryFormat) {
  return queries.map(({ expr, legend, ref }, index) => {
    const target = new DataqueryBuilder()
      .refId(ref ?? String.fromCharCode(65 + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend ?? "")
      .format(format);
    return isInstant ? target.instant() : target.range();
  });
}
