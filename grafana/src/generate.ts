// SPDX-License-Identifier: Apache-2.0
// Writes grafana/dashboards/*.json; with --check only tells whether they are what would be written.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";

import { cluster } from "./cluster";
import { exporter } from "./exporter";
import { fleet } from "./fleet";
import { UID } from "./links";
import { standby } from "./standby";

const FOLDER = resolve(__dirname, "../dashboards");
const DASHBOARDS = { fleet, cluster, standby, exporter };

/** Panels are numbered in their order, so that links to one of them live as long as it stands. */
function numbered(panels: any[]): void {
  let next = 1;
  for (const panel of panels) {
    panel.id = next++;
    for (const inner of panel.panels ?? []) inner.id = next++;
  }
}

function json(builder: DashboardBuilder): string {
  const { id: _, ...dashboard } = builder.build();
  numbered(dashboard.panels ?? []);
  return JSON.stringify({ ...dashboard, version: 1 }, null, 2) + "\n";
}

function main(isCheck: boolean): number {
  mkdirSync(FOLDER, { recursive: true });
  const stale: string[] = [];
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    const path = resolve(FOLDER, `${UID[name as keyof typeof UID]}.json`);
    const text = json(build());
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    stale.push(path);
    if (!isCheck) writeFileSync(path, text);
  }
  stale.forEach((path) => console.log(`${isCheck ? "stale" : "written"}: ${path}`));
  return isCheck && stale.length ? 1 : 0;
}

process.exit(main(process.argv.includes("--check")));
