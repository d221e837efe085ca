// The figures that alerts compare with (alerts/thresholds.yaml), as colours of a panel.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { parse } from "yaml";

const FILE = new URL("../../alerts/thresholds.yaml", import.meta.url);

const figures: Record<string, number> = parse(readFileSync(FILE, "utf8"));

/** The one of that name; a name that isn't there is an error. */
export function threshold(name: string): number {
  const figure = figures[name];
  if (figure === undefined) throw new Error(`alerts/thresholds.yaml has no ${name}`);
  return figure;
}

/** Seconds: what max_lag is where the configuration doesn't say. Panels that can, show each server's own. */
export const MAX_LAG = 60;

// Told apart by all eyes (Okabe and Ito).
export const GOOD = "#0072B2";
export const WARNING = "#E69F00";
export const CRITICAL = "#D55E00";
export const NEUTRAL = "#7F7F7F";

function steps(...colours: [number | null, string][]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute)
    .steps(colours.map(([value, color]) => ({ value, color })));
}

/** More is worse. */
export function above(warning: number, critical?: number): ThresholdsConfigBuilder {
  const worst: [number, string][] = critical === undefined ? [] : [[critical, CRITICAL]];
  return steps([null, GOOD], [warning, WARNING], ...worst);
}

/** One is too many. */
export function none(): ThresholdsConfigBuilder {
  return steps([null, GOOD], [1, CRITICAL]);
}

/** Less is worse. */
export function below(warning: number, critical: number): ThresholdsConfigBuilder {
  return steps([null, CRITICAL], [critical, WARNING], [warning, GOOD]);
}

/** Neither is good or bad. */
export function plain(): ThresholdsConfigBuilder {
  return steps([null, GOOD]);
}
