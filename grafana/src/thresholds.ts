// SPDX-License-Identifier: Apache-2.0
// The figures that alerts compare with, from where the rules have them: a panel changes its colour
// where an alert fires.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { Threshold } from "@grafana/grafana-foundation-sdk/dashboard";
import { parse } from "yaml";

import { CRITICAL, GOOD, UNKNOWN, WARNING } from "./colors";

const REPOSITORY = resolve(__dirname, "../..");

function read(path: string): any {
  return parse(readFileSync(resolve(REPOSITORY, path), "utf8"));
}

const alerts: Record<string, number> = read("alerts/thresholds.yaml");

/** A figure of alerts/thresholds.yaml. */
export function threshold(name: string): number {
  const value = alerts[name];
  if (value === undefined) throw new Error(`alerts/thresholds.yaml has no ${name}`);
  return value;
}

/** The lag that is too much, unless a server has its own in the configuration: max_lag, seconds. */
export const MAX_LAG: number = seconds(
  read("packaging/pg_replication_exporter.yml").defaults.max_lag,
);

function seconds(duration: string): number {
  const found = /^(\d+)(s|m|h)$/.exec(duration);
  if (!found) throw new Error(`max_lag: ${duration}`);
  return Number(found[1]) * { s: 1, m: 60, h: 3600 }[found[2] as "s" | "m" | "h"];
}

/** Good below the first, then a warning, then critical. */
export function above(warning: number, critical?: number): Threshold[] {
  const steps = [
    { value: null, color: GOOD },
    { value: warning, color: WARNING },
  ];
  return critical === undefined ? steps : [...steps, { value: critical, color: CRITICAL }];
}

/** Critical from this on. */
export function criticalFrom(value: number): Threshold[] {
  return [
    { value: null, color: GOOD },
    { value, color: CRITICAL },
  ];
}

/** Critical below the first, a warning below the second if there is one, good above. */
export function below(critical: number, warning?: number): Threshold[] {
  const steps = [{ value: null, color: CRITICAL }];
  return warning === undefined
    ? [...steps, { value: critical, color: GOOD }]
    : [...steps, { value: critical, color: WARNING }, { value: warning, color: GOOD }];
}

/** No alert compares with it. */
export const PLAIN: Threshold[] = [{ value: null, color: GOOD }];
export const GREY: Threshold[] = [{ value: null, color: UNKNOWN }];

export const LAG = above(MAX_LAG, MAX_LAG * threshold("lag_critical_factor"));
/** Lag divided by the server's own max_lag. */
export const LAG_RATIO = above(1, threshold("lag_critical_factor"));
